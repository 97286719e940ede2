package org.lethe.recsys.data;

import java.util.List;
import org.lethe.Components;
import org.lethe.Named;

/**
 * MovieLens-1M: 6,040 users, 3,706 films, 1,000,209 ratings, with gender, age class and occupation of the users (GroupLens
 * Research, 2003; research use, no redistribution).
 *
 * <p>{@code split: given} is the split of the CURE4Rec benchmark: films with at least 5 ratings, every rating an
 * interaction whatever its stars; 6,040 users, 3,416 items, 797,275 + 202,336 interactions. The other splits read
 * {@code ratings.dat}. {@code stopOn: test} stops training on the test part as the published code does. This is comparable
 * with its numbers, and optimistic.
 *
 * @param split rule of the split: given (the CURE4Rec files), random, leave-one-out or temporal
 * @param stopOn part for early stopping: validation, test or none
 * @param validation share of each user's training interactions in the validation part, at least one each
 * @param test share of the ratings in the test part, for a random or temporal split
 * @param threshold smallest number of stars that counts as an interaction; unused for the given split
 * @param core smallest number of interactions of a user and of an item (k-core); unused for the given split
 * @param seed seed of the split
 */
@Named("ml-1m")
public record Ml1m(
        Splits.By split, Splits.StopOn stopOn, double validation, double test, double threshold, int core, long seed)
        implements MovieLens {
    public Ml1m {
        MovieLens.check(validation, test, core);
    }

    /** The CURE4Rec split with a validation part. */
    public Ml1m() {
        this(Splits.By.GIVEN, Splits.StopOn.VALIDATION, 0.1, 0.2, 0, 5, 1);
    }

    public Ml1m withSplit(Splits.By split) {
        return Components.with(this, "split", split);
    }

    public Ml1m withStopOn(Splits.StopOn stopOn) {
        return Components.with(this, "stopOn", stopOn);
    }

    @Override
    public Files files() {
        return new Files("ml-1m", List.of("ratings.dat", "ratings_no_timestamp.dat"), "::", "users.dat", "::", 1, 2);
    }
}
