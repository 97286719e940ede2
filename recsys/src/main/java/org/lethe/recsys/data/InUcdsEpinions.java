package org.lethe.recsys.data;

import org.lethe.Components;
import org.lethe.Named;

/**
 * Ratings of the review site Epinions in the split and the groups of In-UCDS: 2,677 users, 2,060 items, 103,567 ratings, 134
 * users advantaged (no explicit licence, so no redistribution).
 *
 * <p>{@code split: given} is the published split into 70, 10 and 20 percent of the interactions; every pair is an interaction,
 * whatever its value. Its validation part is the published one. With {@code stopOn: test} or {@code none}, these pairs are
 * trained on instead. There is no publisher's address to fetch the set from.
 *
 * @param split rule of the split: given (the files of In-UCDS), random or leave-one-out
 * @param stopOn part for early stopping: validation, test or none
 * @param validation share of each user's training interactions in the validation part; unused for the given split
 * @param test share of each user's interactions in the test part, for a random split
 * @param seed seed of the split; unused for the given split
 */
@Named("inucds-epinions")
public record InUcdsEpinions(Splits.By split, Splits.StopOn stopOn, double validation, double test, long seed)
        implements InUcdsSet {
    public InUcdsEpinions {
        InUcdsSet.check(split, validation, test);
    }

    /** The published split. */
    public InUcdsEpinions() {
        this(Splits.By.GIVEN, Splits.StopOn.VALIDATION, 0.1, 0.2, 1);
    }

    public InUcdsEpinions withSplit(Splits.By split) {
        return Components.with(this, "split", split);
    }

    public InUcdsEpinions withStopOn(Splits.StopOn stopOn) {
        return Components.with(this, "stopOn", stopOn);
    }

    @Override
    public Place place() {
        return new Place("epinion", "Epinion");
    }
}
