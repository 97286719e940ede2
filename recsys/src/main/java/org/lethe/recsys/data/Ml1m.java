package org.lethe.recsys.data;

import java.util.List;
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
        implements MovieLens {
    public Ml1m {
        MovieLens.check(validation, test, core);
    }

    /** The CURE4Rec division with a validation part. */
    public Ml1m() {
        this(Splits.By.GIVEN, Splits.StopOn.VALIDATION, 0.1, 0.2, 0, 5, 1);
    }

    public Ml1m withSplit(Splits.By split) {
        return new Ml1m(split, stopOn, validation, test, threshold, core, seed);
    }

    public Ml1m withStopOn(Splits.StopOn stopOn) {
        return new Ml1m(split, stopOn, validation, test, threshold, core, seed);
    }

    @Override
    public Files files() {
        return new Files("ml-1m", List.of("ratings.dat", "ratings_no_timestamp.dat"), "::", "users.dat", "::", 1, 2);
    }
}
