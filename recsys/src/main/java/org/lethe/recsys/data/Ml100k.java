package org.lethe.recsys.data;

import java.util.List;
import org.lethe.Named;

/**
 * MovieLens-100K: 943 users, 1,682 films, 100,000 ratings, with gender, age and occupation of the users (GroupLens
 * Research, 1998; research use, no redistribution).
 *
 * <p>{@code split: given} is the division of the CURE4Rec benchmark: films with at least 5 ratings, every rating an
 * interaction whatever its stars; 943 users, 1,349 items, 79,045 + 20,242 interactions. The other divisions read
 * {@code u.data}. {@code stopOn: test} stops training on the test part as the published code does, which compares with
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
@Named("ml-100k")
public record Ml100k(
        Splits.By split, Splits.StopOn stopOn, double validation, double test, double threshold, int core, long seed)
        implements MovieLens {
    public Ml100k {
        MovieLens.check(validation, test, core);
    }

    /** The CURE4Rec division with a validation part. */
    public Ml100k() {
        this(Splits.By.GIVEN, Splits.StopOn.VALIDATION, 0.1, 0.2, 0, 5, 1);
    }

    public Ml100k withSplit(Splits.By split) {
        return new Ml100k(split, stopOn, validation, test, threshold, core, seed);
    }

    public Ml100k withStopOn(Splits.StopOn stopOn) {
        return new Ml100k(split, stopOn, validation, test, threshold, core, seed);
    }

    public Ml100k withValidation(double validation) {
        return new Ml100k(split, stopOn, validation, test, threshold, core, seed);
    }

    public Ml100k withCore(int core) {
        return new Ml100k(split, stopOn, validation, test, threshold, core, seed);
    }

    @Override
    public Files files() {
        return new Files("ml-100k", List.of("u.data"), "\t", "u.user", "|", 2, 1);
    }
}
