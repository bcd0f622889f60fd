//! Nobody reads the log. DISK-03.

use crate::{
    process::server::Server,
    site::{Site, eventually, status},
};

/// More lines than any pipe holds.
const REQUESTS: usize = 3_000;

/// DISK-03: requests go on when the log cannot be written. The audit log is in the database, whole.
#[tokio::test]
async fn disk_03_a_log_that_nobody_reads_stops_no_request() {
    let site = Site::build();
    let mut command = site.installation.serve();
    command.env("DOORWARD_LOG_FILTER", "debug");
    let mut server = Server::spawn_unheard(command).unwrap();
    server.ready(site.port()).await.unwrap();
    let mut connection = site.connect().await;
    for _ in 0..REQUESTS {
        assert_eq!(status(&mut connection, "/live").await, 200);
    }
    let token = site.granted(&mut connection).await;
    assert!(site.is_active(&mut connection, &token).await);
    site.installation.run(&["audit", "verify"], "").unwrap();
    // It also ends in order.
    server.terminate().unwrap();
    assert!(server.ended().await.unwrap().success());
    eventually("the port is free", async || {
        std::net::TcpListener::bind(("127.0.0.1", site.port())).is_ok()
    })
    .await;
}
