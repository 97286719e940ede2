package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.InteractionFile;
import org.lethe.recsys.data.Splits;
import org.lethe.recsys.forget.Sisa;
import org.lethe.study.Words;

/**
 * Trains a recommender on your own interactions, and makes a folder of it that serves and forgets.
 *
 * <p>All interactions are learned from, but for a few on which training decides when to stop, unless {@code --test} holds some out for {@code recsys
 * evaluate}. The method decides how the model can forget later: {@code retrain} trains again, {@code sisa} trains one of its
 * shards again; both are exact. The folder holds the interactions too, so the file is not needed later.
 *
 * @param interactions CSV, TSV or Parquet file, one interaction a row
 * @param users column of the users' ids
 * @param items column of the items' ids
 * @param value column of values such as stars; empty for none
 * @param time column of times; empty for none
 * @param threshold smallest value that counts as an interaction
 * @param model model with its settings, as in a study file: "{bpr: {dims: 32}}"
 * @param method method of forgetting with its settings: retrain, "{sisa: {shards: 10}}"
 * @param test share of each user's interactions that is held out for evaluation
 * @param validation share on which training decides when to stop
 * @param to folder for the recommender, which must not be there yet
 */
@Named("recsys train")
public record TrainShop(
        @Argument Path interactions,
        String users,
        String items,
        String value,
        String time,
        double threshold,
        Learner<Split, Recommender> model,
        Method<Split, Recommender> method,
        double test,
        double validation,
        @Required Path to)
        implements Tool<TrainShop.Result> {
    public TrainShop {
        Check.require(test >= 0 && test < 1, "test", test, "at least 0 and below 1");
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(!users.equals(items), "items", items, "another column than users");
    }

    /** BPR in ten shards, on columns called user and item; the files are still to be named. */
    public TrainShop() {
        this(Path.of(""), "user", "item", "", "", 0, new Bpr(), new Sisa(), 0, 0.1, Path.of(""));
    }

    @Override
    public List<?> entries() {
        Recsys subject = new Recsys();
        return Stream.concat(
                        subject.models().stream(),
                        subject.methods().stream()
                                .filter(method -> subject.models().stream()
                                        .anyMatch(learner -> method.unsuited(Shop.ANY, learner)
                                                .isEmpty())))
                .toList();
    }

    /**
     * How it went.
     *
     * @param users with interactions
     * @param items with interactions
     * @param interactions learned from or held out
     * @param content what the file had, row by row
     * @param model with its settings
     * @param method with its settings
     * @param promise of the method about what it will forget
     * @param seconds the training took
     * @param folder that serves
     */
    public record Result(
            int users,
            int items,
            long interactions,
            Map<String, String> content,
            String model,
            String method,
            String promise,
            double seconds,
            Path folder)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            content.forEach((name, text) -> out.println(name + ": " + text));
            out.printf(
                    Locale.ROOT,
                    "%,d users, %,d items, %,d interactions; trained in %.1f s%n",
                    users,
                    items,
                    interactions,
                    seconds);
            out.println(model);
            out.println(method + ", which forgets: " + promise);
            out.println(folder);
        }
    }

    @Override
    public Result run(Env env) throws IOException {
        InteractionFile file = new InteractionFile(
                interactions.toString(),
                InteractionFile.Format.AUTO,
                users,
                items,
                value,
                time,
                "",
                "id",
                threshold,
                0,
                Splits.By.RANDOM,
                Splits.StopOn.VALIDATION,
                0.1,
                0.2,
                env.seed());
        DataFolders here = new DataFolders(List.of());
        Interactions all = file.read(here);
        long from = System.nanoTime();
        Shop.train(to, all, model, method, test, validation, new Shop.Columns(users, items, value, time), env);
        return new Result(
                all.users(),
                all.items(),
                all.size(),
                file.facts(here),
                Words.full(model),
                Words.full(method),
                method.exactness().label(),
                (System.nanoTime() - from) / 1e9,
                to);
    }
}
