package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;

/**
 * Says what happened to a recommender in a folder, and checks that nobody changed the history, the interactions or the model since.
 *
 * @param shop folder of the recommender
 */
@Named("recsys history")
public record ShopHistory(@Argument Path shop) implements Tool<ShopHistory.Result> {
    /** The folder is still to be named. */
    public ShopHistory() {
        this(Path.of(""));
    }

    /**
     * The history.
     *
     * @param events oldest first
     * @param intact whether model and interactions are those of the last event
     */
    public record Result(List<History.Event> events, boolean intact) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            for (History.Event event : events) {
                out.printf(
                        Locale.ROOT,
                        "%3d  %s  %-7s %,10d interactions, %,d removed (%d users, %d items), by %s, %s%s%n",
                        event.version(),
                        event.time(),
                        event.event(),
                        event.interactions(),
                        event.removed(),
                        event.users(),
                        event.items(),
                        event.method(),
                        event.promise(),
                        event.verified() ? ", compared bit by bit" : "");
            }
            out.println("model " + events.getLast().model());
            out.println("Nothing was changed since.");
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        Shop opened = Shop.open(shop);
        List<History.Event> events = opened.events();
        History.Event last = events.getLast();
        Version.Digests found = Version.Digests.of(shop.resolve("v" + events.size()));
        for (List<String> pair : List.of(
                List.of("model.safetensors", last.model(), found.model()),
                List.of("interactions.safetensors", last.data(), found.data()))) {
            if (!pair.get(1).equals(pair.get(2))) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        shop.resolve("v" + events.size()).resolve(pair.get(0)) + ": has the digest " + pair.get(2)
                                + ", expected " + pair.get(1) + " as the history says: it was changed since");
            }
        }
        return new Result(events, true);
    }
}
