package org.lethe.recsys;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Fetch;
import org.lethe.Named;

/**
 * MovieLens-1M: 6,040 users, 3,706 films, 1,000,209 ratings, with gender, age class and occupation of the users
 * (GroupLens Research, 2003; research use, no redistribution).
 *
 * <p>{@code split: given} is the division of the CURE4Rec benchmark: films with at least 5 ratings, every rating an
 * interaction whatever its stars; 6,040 users, 3,416 items, 797,275 + 202,336 interactions. The other divisions read
 * {@code ratings.dat}. {@code stopOn: test} stops training on the test part as the published code does, which compares with
 * its numbers and is optimistic.
 *
 * @param split how the ratings are divided
 * @param stopOn what training stops on
 * @param validation share of each user's training interactions set aside for stopping, at least one each
 * @param test share of the ratings to judge by, where the split is random or temporal
 * @param threshold the fewest stars that count as an interaction, where the split is not given
 * @param core the fewest interactions of a user and of an item, where the split is not given
 * @param seed of the division
 */
@Named("ml-1m")
public record Ml1m(
        Splits.By split, Splits.StopOn stopOn, double validation, double test, double threshold, int core, long seed)
        implements DataSource<Split> {
    private static final String NAME = "ml-1m";
    private static final String REMEDY = "`lethe data fetch ml-1m` gets it from GroupLens";
    private static final String GIVEN_REMEDY =
            "the CURE4Rec division is not part of GroupLens's archive; use split: random, or put its files there";

    public Ml1m {
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(test > 0 && test < 1, "test", test, "between 0 and 1");
        Check.require(core >= 0, "core", core, "at least 0");
    }

    /** The CURE4Rec division with a validation part. */
    public Ml1m() {
        this(Splits.By.GIVEN, Splits.StopOn.VALIDATION, 0.1, 0.2, 0, 5, 1);
    }

    @Override
    public Split load(DataFolders folders) {
        Path folder = DataFiles.folder(folders, NAME, REMEDY);
        Split divided = split == Splits.By.GIVEN
                ? MovieLens.cure4rec(folder, GIVEN_REMEDY, stopOn, validation, seed)
                : Splits.by(
                        split,
                        stopOn,
                        Splits.core(MovieLens.ratings(ratings(folder), "::", threshold), core),
                        test,
                        validation,
                        seed);
        return MovieLens.describe(divided, DataFiles.file(folder, "users.dat"), "::", 1, 2);
    }

    @Override
    public String digest(DataFolders folders) {
        Path folder = DataFiles.folder(folders, NAME, REMEDY);
        List<Path> files = new ArrayList<>();
        if (split == Splits.By.GIVEN) {
            files.add(DataFiles.needed(folder, GIVEN_REMEDY, "cure4rec/train.csv"));
            files.add(DataFiles.needed(folder, GIVEN_REMEDY, "cure4rec/test.csv"));
            DataFiles.file(folder, "cure4rec/item_map.tsv").ifPresent(files::add);
        } else {
            files.add(ratings(folder));
        }
        DataFiles.file(folder, "users.dat").ifPresent(files::add);
        return DataFiles.digest(files);
    }

    private static Path ratings(Path folder) {
        return DataFiles.needed(folder, REMEDY, "ratings.dat", "ratings_no_timestamp.dat");
    }

    @Override
    public Optional<Fetch> publisher() {
        return Optional.of(MovieLens.publisher(NAME));
    }
}
