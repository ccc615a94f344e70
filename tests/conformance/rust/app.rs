// The endpoint: the official Rust SDK as it comes from crates.io. The services are those that
// smoke_test.py names; the environment is that of typescript/app.mjs.

use restate_sdk::prelude::*;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

// Writes one effect into the driver's ledger; returns how many there are of this token.
async fn effect(token: String, value: String) -> HandlerResult<u32> {
    let driver = setting("CONFORMANCE_DRIVER").replace("http://", "");
    let body = format!("\"{value}\"");
    let mut stream = TcpStream::connect(&driver)?;
    write!(
        stream,
        "POST /effect/{token} HTTP/1.1\r\nhost: {driver}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let count = answer.rsplit("\"count\":").next().unwrap_or_default();
    Ok(count.trim_matches([' ', '}']).parse::<u32>()?)
}

async fn step(ctx: &Context<'_>, name: &str, token: &str, value: &str) -> HandlerResult<u32> {
    let (token, value) = (format!("{token}-{name}"), value.to_string());
    Ok(ctx.run(move || effect(token, value)).name(name).await?)
}

struct Steps;

#[restate_sdk::service]
impl Steps {
    #[handler]
    async fn two(&self, ctx: Context<'_>, token: String) -> HandlerResult<Json<Vec<u32>>> {
        let first = step(&ctx, "first", &token, "").await?;
        ctx.sleep(Duration::from_millis(20)).await?;
        let second = step(&ctx, "second", &token, "").await?;
        Ok(Json(vec![first, second + 10]))
    }

    #[handler]
    async fn ask(&self, ctx: Context<'_>, token: String) -> HandlerResult<String> {
        step(&ctx, "before", &token, "").await?;
        let (id, resolved) = ctx.awakeable::<String>();
        step(&ctx, "tell", &token, &id).await?;
        let value = resolved.await?;
        step(&ctx, "after", &token, "").await?;
        Ok(value)
    }
}

struct Counter;

#[restate_sdk::object]
impl Counter {
    #[handler]
    async fn add(&self, ctx: ObjectContext<'_>, n: i64) -> HandlerResult<i64> {
        let total = ctx.get::<i64>("total").await?.unwrap_or(0) + n;
        ctx.set("total", total);
        Ok(total)
    }
}

struct Calls;

#[restate_sdk::service]
impl Calls {
    #[handler]
    async fn add_twice(&self, ctx: Context<'_>, key: String) -> HandlerResult<i64> {
        let counter = ctx.object_client::<CounterClient>(key);
        counter.add(1).call().await?;
        Ok(counter.add(1).call().await?)
    }
}

#[tokio::main]
async fn main() {
    let endpoint = Endpoint::builder()
        .bind(Steps)
        .bind(Counter)
        .bind(Calls)
        .build();
    let address = format!("127.0.0.1:{}", setting("CONFORMANCE_PORT"));
    HttpServer::new(endpoint)
        .listen_and_serve(address.parse().unwrap())
        .await;
}
