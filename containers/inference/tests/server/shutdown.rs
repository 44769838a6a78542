//! How a server ends: in this process, and as the process that an operator starts.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::bundles::{Model, versions};
use crate::support::client::Client;
use crate::support::{eventually, library, ready};

fn texts(count: usize) -> String {
    json!({"inputs": vec![json!({"text": "the film was superb"}); count]}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_goes_first_then_the_door_closes_and_what_is_under_way_is_answered() {
    let root = versions(&[(1, Model::Slow)]);
    let flags = [
        "--max-batch-rows",
        "1",
        "--timeout-ms",
        "60000",
        "--drain-wait-seconds",
        "1",
    ];
    let running = ready(root.path(), &flags).await;
    let client = running.client.clone();
    let under_way = tokio::spawn(async move { client.predict(texts(60)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let client = running.client.clone();
    let stopped = tokio::spawn(running.server.stop());
    let draining = |reply: &crate::support::client::Reply| reply.status == 503;
    let reply = eventually("the sign", Duration::from_secs(1), || client.get("/readyz"), draining).await;
    assert!(reply.problem()["detail"].as_str().unwrap().contains("shutting down"));
    assert_eq!(
        client.get("/healthz").await.status,
        200,
        "the door is open until load balancers have seen the sign"
    );
    assert_eq!(under_way.await.unwrap().status, 200);
    assert!(stopped.await.unwrap(), "everything was answered");
    assert!(
        client.try_send(Method::GET, "/healthz", &[], "").await.is_err(),
        "the door is closed"
    );
}

/// A server as a process of its own, whose log is read.
struct Process {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Process {
    fn serve(bundles: &std::path::Path, flags: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spotforge-inference"));
        command
            .args([
                "serve",
                "--port",
                "0",
                "--workers",
                "1",
                "--drain-wait-seconds",
                "0",
                "--bundles",
            ])
            .arg(bundles)
            .args(flags);
        let mut child = command
            .env("ORT_DYLIB_PATH", library())
            .env_remove("SPOTFORGE_ADMIN_TOKEN")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line of the log about `event`.
    fn logged(&mut self, event: &str) -> Value {
        loop {
            let line = self.lines.next().expect("the log goes on").unwrap();
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if line["event"] == event {
                return line;
            }
        }
    }

    fn terminate(&self) {
        let killed = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_logs_a_line_a_request_without_its_inputs_and_ends_with_0_on_sigterm() {
    let root = versions(&[(1, Model::Text)]);
    let mut process = Process::serve(root.path(), &[]);
    let address = process.logged("listening")["address"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let client = Client::new(address);
    client.until_ready().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [
        ("content-type", "application/json"),
        ("traceparent", trace),
        ("x-request-id", "order-7"),
    ];
    let reply = client
        .send(
            Method::POST,
            "/v1/predict",
            &headers,
            json!({"text": "hush hush"}).to_string(),
        )
        .await;
    assert_eq!(reply.status, 200);
    let line = loop {
        let line = process.logged("request");
        if line["route"] == "/v1/predict" {
            break line;
        }
    };
    assert_eq!(
        (&line["request_id"], &line["status"], &line["version"]),
        (&json!("order-7"), &json!(200), &json!(1))
    );
    assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!line.to_string().contains("hush"), "{line}");
    assert_eq!(
        client.change(1, "load", json!({})).await.status,
        403,
        "the process has no administrator's token"
    );

    let started = Instant::now();
    process.terminate();
    assert_eq!(process.logged("stopped")["drained"], true);
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn without_a_usable_library_the_process_ends_with_78_and_one_sentence() {
    for library in ["/nowhere/libonnxruntime.so", "/etc/hostname"] {
        let output = Command::new(env!("CARGO_BIN_EXE_spotforge-inference"))
            .args(["serve", "--bundles", "/nowhere", "--ort-library", library])
            .output()
            .unwrap();
        let says = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{says}");
        assert!(
            says.contains(library) && says.contains("1.31") && says.trim().lines().count() == 1,
            "{says}"
        );
    }
}
