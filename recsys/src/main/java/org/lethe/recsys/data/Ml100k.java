package org.lethe.recsys.data;

import java.util.List;
import org.lethe.Components;
import org.lethe.Named;

/**
 * MovieLens-100K: 943 users, 1,682 films, 100,000 ratings, with gender, age and occupation of the users (GroupLens
 * Research, 1998; research use, no redistribution).
 *
 * <p>{@code split: given} is the split of the CURE4Rec benchmark: films with at least 5 ratings, every rating an
 * interaction whatever its stars; 943 users, 1,349 items, 79,045 + 20,242 interactions. The other splits read
 * {@code u.data}. {@code stopOn: test} stops training on the test part as the published code does. This is comparable with
 * its numbers, and optimistic.
 *
 * @param split rule of the split: given (the CURE4Rec files), random, leave-one-out or temporal
 * @param stopOn part for early stopping: validation, test or none
 * @param validation share of each user's training interactions in the validation part, at least one each
 * @param test share of the ratings in the test part, for a random or temporal split
 * @param threshold smallest number of stars that counts as an interaction; unused for the given split
 * @param core smallest number of interactions of a user and of an item (k-core); unused for the given split
 * @param seed seed of the split
 */
@Named("ml-100k")
public record Ml100k(
        Splits.By split, Splits.StopOn stopOn, double validation, double test, double threshold, int core, long seed)
        implements MovieLens {
    public Ml100k {
        MovieLens.check(validation, test, core);
    }

    /** The CURE4Rec split with a validation part. */
    public Ml100k() {
        this(Splits.By.GIVEN, Splits.StopOn.VALIDATION, 0.1, 0.2, 0, 5, 1);
    }

    public Ml100k withSplit(Splits.By split) {
        return Components.with(this, "split", split);
    }

    public Ml100k withStopOn(Splits.StopOn stopOn) {
        return Components.with(this, "stopOn", stopOn);
    }

    public Ml100k withValidation(double validation) {
        return Components.with(this, "validation", validation);
    }

    public Ml100k withCore(int core) {
        return Components.with(this, "core", core);
    }

    @Override
    public Files files() {
        return new Files("ml-100k", List.of("u.data"), "\t", "u.user", "|", 2, 1);
    }
}
