package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Tool;

/**
 * Recommends items to a user of a recommender in a folder, best first.
 *
 * @param shop folder of the recommender
 * @param user id of the user
 * @param top length of the list
 * @param known whether items that the user has interacted with may be listed
 */
@Named("recsys recommend")
public record Recommend(@Argument Path shop, @Required String user, int top, boolean known)
        implements Tool<Recommend.Result> {
    public Recommend {
        Check.require(top >= 1, "top", top, "at least 1");
    }

    /** Ten new items; folder and user are still to be named. */
    public Recommend() {
        this(Path.of(""), "", 10, false);
    }

    /**
     * The list.
     *
     * @param user id of the user
     * @param items best first
     */
    public record Result(String user, List<Shop.Ranked> items) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            for (int n = 0; n < items.size(); n++) {
                out.printf(
                        Locale.ROOT,
                        "%3d  %-24s %9.4f%n",
                        n + 1,
                        items.get(n).item(),
                        items.get(n).score());
            }
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        return new Result(user, Shop.open(shop).recommend(user, top, known));
    }
}
