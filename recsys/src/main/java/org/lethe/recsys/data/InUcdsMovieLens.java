package org.lethe.recsys.data;

import org.lethe.Components;
import org.lethe.Named;

/**
 * MovieLens-100K in the split and the groups of In-UCDS: 943 users, 1,349 films, 99,287 ratings, 47 users advantaged (GroupLens
 * terms: research use, no redistribution).
 *
 * <p>Where {@code user_map.tsv} and {@code item_map.tsv} lie beside the files, users and films have the ids of MovieLens. If
 * {@code ml-100k} is in a data folder too, users also have gender, age and occupation.
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
@Named("inucds-movielens")
public record InUcdsMovieLens(Splits.By split, Splits.StopOn stopOn, double validation, double test, long seed)
        implements InUcdsSet {
    public InUcdsMovieLens {
        InUcdsSet.check(split, validation, test);
    }

    /** The published split. */
    public InUcdsMovieLens() {
        this(Splits.By.GIVEN, Splits.StopOn.VALIDATION, 0.1, 0.2, 1);
    }

    public InUcdsMovieLens withSplit(Splits.By split) {
        return Components.with(this, "split", split);
    }

    public InUcdsMovieLens withStopOn(Splits.StopOn stopOn) {
        return Components.with(this, "stopOn", stopOn);
    }

    @Override
    public Place place() {
        return new Place("movielens", "MovieLens");
    }
}
