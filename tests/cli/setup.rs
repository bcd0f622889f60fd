//! The first administrator: one link, one time. ADM-14.

use std::sync::Arc;

use doorward::{
    config::Config,
    server,
    service::{
        Context,
        setup::{self, SetupError},
        users::{self, UserError},
    },
    types::{Secret, origin::Origin},
};

struct Fresh {
    ctx: Arc<Context>,
    _folder: tempfile::TempDir,
}

async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
    Fresh { ctx: server::open::open(&config).await.unwrap(), _folder: folder }
}

async fn create(ctx: &Arc<Context>, token: &str, name: &str) -> Result<String, SetupError> {
    let password = Secret::new("tulip gravel ottoman sleigh".to_owned());
    let origin = Origin::command_line("test".to_owned());
    let made =
        setup::create_first_admin(ctx, token, name.to_owned(), password, None, &origin).await;
    made.map(|user| user.username)
}

#[tokio::test]
async fn a_link_works_once() {
    let Fresh { ctx, _folder } = fresh().await;
    let link = setup::link(&ctx).await.unwrap().unwrap();
    assert!(setup::is_live(&ctx, link.expose()).await.unwrap());
    assert_eq!(create(&ctx, link.expose(), "alice").await.unwrap(), "alice");
    let second = create(&ctx, link.expose(), "mallory").await;
    assert!(matches!(second, Err(SetupError::AlreadySetUp)), "{second:?}");
    assert!(!setup::is_live(&ctx, link.expose()).await.unwrap());
    assert!(setup::link(&ctx).await.unwrap().is_none());
    let admin = users::find(&ctx, "alice").await.unwrap();
    assert!(admin.roles.contains("admin"));
}

#[tokio::test]
async fn a_new_link_replaces_the_old_one() {
    let Fresh { ctx, _folder } = fresh().await;
    let old = setup::link(&ctx).await.unwrap().unwrap();
    let new = setup::link(&ctx).await.unwrap().unwrap();
    let refused = create(&ctx, old.expose(), "mallory").await;
    assert!(matches!(refused, Err(SetupError::LinkDead)), "{refused:?}");
    let unknown = create(&ctx, "dwf_unknown", "mallory").await;
    assert!(matches!(unknown, Err(SetupError::LinkDead)), "{unknown:?}");
    create(&ctx, new.expose(), "alice").await.unwrap();
}

#[tokio::test]
async fn what_is_refused_leaves_the_link_alive() {
    let Fresh { ctx, _folder } = fresh().await;
    let link = setup::link(&ctx).await.unwrap().unwrap();
    let refused = create(&ctx, link.expose(), "not a name").await;
    assert!(matches!(refused, Err(SetupError::User(UserError::Username(_)))), "{refused:?}");
    create(&ctx, link.expose(), "alice").await.unwrap();
}

#[tokio::test]
async fn of_many_at_once_one_wins() {
    let Fresh { ctx, _folder } = fresh().await;
    let link = setup::link(&ctx).await.unwrap().unwrap();
    let tries = (0..8).map(|number| {
        let (ctx, token) = (Arc::clone(&ctx), link.expose().clone());
        tokio::spawn(async move { create(&ctx, &token, &format!("admin{number}")).await })
    });
    let mut made = 0;
    for attempt in tries.collect::<Vec<_>>() {
        made += usize::from(attempt.await.unwrap().is_ok());
    }
    assert_eq!((made, users::count(&ctx).await.unwrap()), (1, 1));
}
