package org.lethe.recsys.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.tables.DataFiles;
import org.lethe.tables.Entities;
import org.lethe.tables.TextRows;

/**
 * Listeners of Last.fm and their artists, with gender and country: 10,056 users, 1,004 artists, 194,914 interactions
 * without values or times (non-commercial use, no redistribution).
 *
 * @param split rule of the split: random or leave-one-out
 * @param stopOn part for early stopping: validation, test or none
 * @param validation share of each user's training interactions in the validation part
 * @param test share of each user's interactions in the test part, for a random split
 * @param core smallest number of interactions of a user and of an artist (k-core)
 * @param seed seed of the split
 */
@Named("lastfm-gender-10k")
public record LastfmGender(Splits.By split, Splits.StopOn stopOn, double validation, double test, int core, long seed)
        implements DataSource<Split> {
    private static final String NAME = "lastfm-gender-10k";
    private static final String REMEDY = "it has no publisher's address to fetch it from; put its files there";

    public LastfmGender {
        Check.require(
                split == Splits.By.RANDOM || split == Splits.By.LEAVE_ONE_OUT,
                "split",
                split,
                "random or leave-one-out, as the data has no times");
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(test > 0 && test < 1, "test", test, "between 0 and 1");
        Check.require(core >= 0, "core", core, "at least 0");
    }

    /** Users and artists with at least 5 interactions, split at random. */
    public LastfmGender() {
        this(Splits.By.RANDOM, Splits.StopOn.VALIDATION, 0.1, 0.2, 5, 1);
    }

    @Override
    public Split load(DataFolders folders) {
        return Splits.by(split, stopOn, Splits.core(all(folders), core), test, validation, seed);
    }

    /** All interactions, with gender and country. */
    public Interactions all(DataFolders folders) {
        Path folder = DataFiles.folder(folders, "recsys", NAME, REMEDY);
        Path file = DataFiles.needed(folder, REMEDY, "interactions.tsv");
        Pairs pairs = new Pairs(false, false);
        try (TextRows rows = TextRows.open(file, "\t", StandardCharsets.UTF_8)) {
            rows.next(); // the header
            while (rows.next()) {
                rows.expect(2, 2, "user, artist");
                pairs.add(rows.whole(0, "user"), rows.whole(1, "artist"), 1, 0);
            }
        }
        if (pairs.size() == 0) {
            throw new LetheException(LetheException.Code.DATA, file + ": expected interactions, found none");
        }
        Interactions all = pairs.numbered();
        String[] gender = new String[all.users()];
        String[] country = new String[all.users()];
        Arrays.fill(gender, "");
        Arrays.fill(country, "");
        Path users = DataFiles.needed(folder, REMEDY, "users.tsv");
        try (TextRows rows = TextRows.open(users, "\t", StandardCharsets.UTF_8)) {
            rows.next(); // the header
            while (rows.next()) {
                rows.expect(3, 3, "user, sex, country");
                all.userEntities().find(rows.text(0)).ifPresent(u -> {
                    gender[u] = rows.text(1);
                    country[u] = rows.text(2);
                });
            }
        }
        return all.with(
                all.userEntities()
                        .with("gender", Entities.Categorical.of(gender))
                        .with("country", Entities.Categorical.of(country)),
                all.itemEntities());
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path folder = DataFiles.folder(folders, "recsys", NAME, REMEDY);
        return List.of(
                DataFiles.needed(folder, REMEDY, "interactions.tsv"), DataFiles.needed(folder, REMEDY, "users.tsv"));
    }
}
