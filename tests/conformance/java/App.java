// The endpoint: the official Java SDK as it comes from Maven Central. The services are those that
// smoke_test.py names; the environment is that of typescript/app.mjs.
package conformance;

import dev.restate.sdk.Awakeable;
import dev.restate.sdk.Context;
import dev.restate.sdk.ObjectContext;
import dev.restate.sdk.annotation.Handler;
import dev.restate.sdk.annotation.Service;
import dev.restate.sdk.annotation.VirtualObject;
import dev.restate.sdk.common.StateKey;
import dev.restate.sdk.endpoint.Endpoint;
import dev.restate.sdk.http.vertx.RestateHttpServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

public class App {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  // Writes one effect into the driver's ledger; returns how many there are of this token.
  static int effect(String token, String value) throws Exception {
    URI uri = URI.create(System.getenv("CONFORMANCE_DRIVER") + "/effect/" + token);
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .version(HttpClient.Version.HTTP_1_1)
            .POST(HttpRequest.BodyPublishers.ofString('"' + value + '"'))
            .build();
    String answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
    return Integer.parseInt(answer.replaceAll("[^0-9]", ""));
  }

  static int step(Context ctx, String name, String token, String value) {
    return ctx.run(name, Integer.class, () -> effect(token + "-" + name, value));
  }

  public static void main(String[] args) {
    Endpoint endpoint =
        Endpoint.bind(new Steps()).bind(new Counter()).bind(new Calls()).build();
    RestateHttpServer.listen(endpoint, Integer.parseInt(System.getenv("CONFORMANCE_PORT")));
  }
}

@Service
class Steps {
  @Handler
  public List<Integer> two(Context ctx, String token) {
    int first = App.step(ctx, "first", token, "");
    ctx.sleep(Duration.ofMillis(20));
    return List.of(first, App.step(ctx, "second", token, "") + 10);
  }

  @Handler
  public String ask(Context ctx, String token) {
    App.step(ctx, "before", token, "");
    Awakeable<String> awakeable = ctx.awakeable(String.class);
    App.step(ctx, "tell", token, awakeable.id());
    String value = awakeable.await();
    App.step(ctx, "after", token, "");
    return value;
  }
}

@VirtualObject
class Counter {
  private static final StateKey<Integer> TOTAL = StateKey.of("total", Integer.class);

  @Handler
  public int add(ObjectContext ctx, int n) {
    int total = ctx.get(TOTAL).orElse(0) + n;
    ctx.set(TOTAL, total);
    return total;
  }
}

@Service
class Calls {
  @Handler
  public int add_twice(Context ctx, String key) {
    CounterClient.ContextClient counter = CounterClient.fromContext(ctx, key);
    counter.add(1).await();
    return counter.add(1).await();
  }
}
