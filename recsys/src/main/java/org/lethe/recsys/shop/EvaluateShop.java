package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Tool;

/**
 * Says how good the lists of a recommender in a folder are, on the interactions that were held out of its training.
 *
 * @param shop folder of the recommender
 * @param top length of the lists
 */
@Named("recsys evaluate")
public record EvaluateShop(@Argument Path shop, int top) implements Tool<EvaluateShop.Result> {
    public EvaluateShop {
        Check.require(top >= 1, "top", top, "at least 1");
    }

    /** Lists of ten; the folder is still to be named. */
    public EvaluateShop() {
        this(Path.of(""), 10);
    }

    /**
     * The quality.
     *
     * @param top length of the lists
     * @param quality means over users, by metric
     */
    public record Result(int top, Map<String, Double> quality) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            quality.forEach((metric, value) -> out.printf(Locale.ROOT, "%-20s %.4f%n", metric + "@" + top, value));
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.WORKERS);
    }

    @Override
    public Result run(Env env) throws IOException {
        return new Result(top, Shop.open(shop).evaluate(top, env));
    }
}
