//! There are no file descriptors left. DISK-04.

use std::process::Command;

use tokio::net::TcpStream;

use crate::site::{Site, eventually, status};

/// Far fewer than the connections that the server would allow.
const DESCRIPTORS: usize = 64;

/// DISK-04: who is connected is served on, the process lives, its log does not flood, and when strangers
/// leave there is room again.
#[tokio::test]
async fn disk_04_without_descriptors_the_server_lives_on() {
    let site = Site::build();
    let mut server = site.start().await;
    let mut connection = site.connect().await;
    let token = site.granted(&mut connection).await;
    let limit = format!("--nofile={DESCRIPTORS}:");
    let pid = server.pid().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());

    let mut strangers = Vec::new();
    for _ in 0..2 * DESCRIPTORS {
        strangers.push(TcpStream::connect(("127.0.0.1", site.port())).await.unwrap());
    }
    let descriptors = || std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    eventually("no descriptors left", async || descriptors() >= DESCRIPTORS).await;
    for _ in 0..20 {
        assert_eq!(status(&mut connection, "/live").await, 200);
        assert!(site.is_active(&mut connection, &token).await);
        assert_eq!(site.write(&mut connection).await.status, 200);
    }
    drop(strangers);
    eventually("room again", async || {
        let Ok(mut fresh) =
            crate::process::http::Connection::open(site.port(), &site.target.authority).await
        else {
            return false;
        };
        status(&mut fresh, "/ready").await == 200
    })
    .await;
    let said = server.said().unwrap();
    assert!(said.lines().count() < 100, "{} lines", said.lines().count());
}
