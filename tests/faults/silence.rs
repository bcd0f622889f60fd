//! Something between the server and PostgreSQL forgets their connections, and tells nobody. DBX-01, DBX-02.

use tokio::task::JoinSet;

use crate::{
    cluster::Cluster,
    process::cli::Installation,
    site::{Site, eventually, status},
    wire::Wire,
};

/// Connections that the server may have open.
const CONNECTIONS: usize = 4;

/// DBX-02: connections that carry nothing any more are given up, all of them, and the server goes on with
/// new ones by itself. What was acknowledged is there.
#[tokio::test]
async fn dbx_02_connections_that_fell_silent_are_given_up() {
    let cluster = Cluster::start();
    let site = Site::on(Some(cluster.url.clone()));
    let wire = Wire::to(&cluster).await;
    let behind = Installation { database_url: Some(wire.url.clone()), ..site.installation.clone() };
    let mut command = behind.serve();
    command.env("DOORWARD_DATABASE_CONNECTIONS", CONNECTIONS.to_string());
    command.env("DOORWARD_LIMITS_REQUEST_TIMEOUT", "1s");
    let _server = site.start_as(command).await;
    let mut connection = site.connect().await;
    let token = site.granted(&mut connection).await;
    let mut at_once = JoinSet::new();
    for _ in 0..4 * CONNECTIONS {
        let doomed = site.granted(&mut connection).await;
        let (mut connection, call) = (site.connect().await, site.of_machine("/revoke", &doomed));
        at_once.spawn(async move { connection.send(&call).await.unwrap().status });
    }
    assert!(at_once.join_all().await.iter().all(|status| *status == 200));
    wire.fall_silent();
    eventually("every connection is a good one", async || {
        for _ in 0..4 * CONNECTIONS {
            if site.write(&mut connection).await.status != 200 {
                return false;
            }
        }
        status(&mut connection, "/ready").await == 200
    })
    .await;
    assert!(site.is_active(&mut connection, &token).await);
}
