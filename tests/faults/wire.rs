//! A wire between the server and its PostgreSQL, which breaks or falls silent when a test says so.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use url::Url;

use crate::{
    cluster::Cluster,
    process::http::{Call, Connection},
};

/// Where the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// What is asked does not arrive.
    Before,
    /// It is done, and nobody hears of it.
    After,
}

/// What came of a request whose connection was to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It broke, and the answer says that nobody knows.
    Here,
    /// Somebody else's broke.
    Elsewhere,
    /// The request was over before.
    Nowhere,
}

/// What stands between the server and its database.
pub(crate) struct Wire {
    pub(crate) url: String,
    /// How it breaks next, after how many steps.
    armed: Arc<Mutex<Option<(Cut, usize)>>>,
    /// How often it fell silent.
    silences: watch::Sender<usize>,
    /// The port that it leads to.
    behind: Arc<AtomicU16>,
}

impl Wire {
    pub(crate) async fn to(cluster: &Cluster) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut url = Url::parse(&cluster.url).unwrap();
        let behind = Arc::new(AtomicU16::new(url.port().unwrap()));
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let armed = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&armed);
        let (silences, silence) = watch::channel(0);
        let leads_to = Arc::clone(&behind);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let port = leads_to.load(Ordering::SeqCst);
                // Who cannot be led anywhere is sent away.
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                tokio::spawn(pass(near, far, Arc::clone(&shared), silence.clone()));
            }
        });
        Self { url: url.into(), armed, silences, behind }
    }

    /// Leads new connections to the server at `url` from now on.
    pub(crate) fn lead_to(&self, url: &str) {
        self.behind.store(Url::parse(url).unwrap().port().unwrap(), Ordering::SeqCst);
    }

    /// Nothing passes any more on the connections that there are, and nobody is told: they stay open, as
    /// when something on the way has forgotten them. New ones work.
    pub(crate) fn fall_silent(&self) {
        self.silences.send_modify(|times| *times += 1);
    }

    /// Sends `call` and breaks the connection at its step of that number.
    pub(crate) async fn break_at(
        &self,
        cut: Cut,
        step: usize,
        connection: &mut Connection,
        call: &Call,
    ) -> Broken {
        *self.armed.lock().unwrap() = Some((cut, step));
        let answer = connection.send(call).await.unwrap();
        let left = self.armed.lock().unwrap().take();
        if answer.status == 200 {
            return if left.is_some() { Broken::Nowhere } else { Broken::Elsewhere };
        }
        assert_eq!(answer.status, 503, "{cut:?} {step}: {answer:?}");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        Broken::Here
    }
}

/// Counts a step; how the connection breaks at it, if it does.
fn count(armed: &Mutex<Option<(Cut, usize)>>) -> Option<Cut> {
    let mut armed = armed.lock().unwrap();
    let (cut, left) = (*armed)?;
    *armed = (left > 1).then(|| (cut, left - 1));
    armed.is_none().then_some(cut)
}

/// Carries bytes both ways until the step that is to break, and then closes both ends.
async fn pass(
    mut near: TcpStream,
    mut far: TcpStream,
    armed: Arc<Mutex<Option<(Cut, usize)>>>,
    mut silence: watch::Receiver<usize>,
) {
    silence.mark_unchanged();
    let (mut asked, mut said) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            Ok(()) = silence.changed() => std::future::pending().await,
            read = near.read(&mut asked) => {
                let Ok(bytes @ 1..) = read else { return };
                let cut = count(&armed);
                if cut == Some(Cut::Before) {
                    return;
                }
                if far.write_all(&asked[..bytes]).await.is_err() {
                    return;
                }
                if cut == Some(Cut::After) {
                    // Its answer, which goes nowhere. One who says good-bye gets none.
                    far.readable().await.ok();
                    return;
                }
            }
            read = far.read(&mut said) => {
                let Ok(bytes @ 1..) = read else { return };
                if near.write_all(&said[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}
