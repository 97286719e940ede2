package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.data.InteractionFile;
import org.lethe.recsys.data.Splits;

/**
 * Adds interactions to a recommender in a folder, and trains it on all.
 *
 * @param shop folder of the recommender
 * @param interactions CSV, TSV or Parquet file with the columns of the training
 */
@Named("recsys add")
public record AddToShop(@Argument Path shop, @Argument Path interactions) implements Tool<AddToShop.Result> {
    /** Both are still to be named. */
    public AddToShop() {
        this(Path.of(""), Path.of(""));
    }

    /**
     * What was done.
     *
     * @param change of the folder
     */
    public record Result(@Inline Shop.Change change) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(
                    Locale.ROOT,
                    "%,d interactions, %,d new users and %,d new items added; %,d interactions now; trained in %.1f s%n",
                    change.added(),
                    change.newUsers(),
                    change.newItems(),
                    change.interactions(),
                    change.seconds());
            out.println("version " + change.version());
        }
    }

    static Interactions read(Path file, Shop.Columns columns, Env env) {
        return new InteractionFile(
                        file.toString(),
                        InteractionFile.Format.AUTO,
                        columns.users(),
                        columns.items(),
                        columns.value(),
                        columns.time(),
                        "",
                        "id",
                        0,
                        0,
                        Splits.By.RANDOM,
                        Splits.StopOn.VALIDATION,
                        0.1,
                        0.2,
                        env.seed())
                .read(new DataFolders(List.of()));
    }

    @Override
    public Set<Need> needs() {
        return Need.WITHOUT_SEED; // that of the first training stays
    }

    @Override
    public Result run(Env env) throws IOException {
        Shop opened = Shop.open(shop);
        return new Result(opened.add(read(interactions, opened.columns(), env), env));
    }
}
