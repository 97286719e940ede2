package org.lethe.recsys.data;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Fetch;
import org.lethe.LetheException;
import org.lethe.recsys.Split;
import org.lethe.tables.DataFiles;
import org.lethe.tables.Entities;
import org.lethe.tables.TextRows;

/** A MovieLens set, from the files that GroupLens publishes or in the split of CURE4Rec; the sets differ only in their files. */
sealed interface MovieLens extends DataSource<Split> permits Ml100k, Ml1m {
    /** The rule of the split. */
    Splits.By split();

    /** The part for early stopping. */
    Splits.StopOn stopOn();

    /** Share of each user's training interactions in the validation part. */
    double validation();

    /** Share of the ratings in the test part. */
    double test();

    /** The smallest number of stars that counts. */
    double threshold();

    /** The smallest number of interactions of a user and of an item. */
    int core();

    /** Seed of the split. */
    long seed();

    /** The files of this set. */
    Files files();

    /**
     * The files of a set.
     *
     * @param set its name and its folder's
     * @param ratings names of the file of ratings, the first that is there
     * @param separator between the fields of a rating
     * @param users the file of users: their id in the first field, their occupation in the fourth
     * @param bar between the fields of a user
     * @param gender the field of their gender
     * @param age the field of their age
     */
    record Files(String set, List<String> ratings, String separator, String users, String bar, int gender, int age) {
        private static final String GIVEN =
                "the CURE4Rec split is not part of GroupLens's archive; use split: random, or put its files there";

        private String remedy() {
            return "`lethe data fetch " + set + "` gets it from GroupLens";
        }

        Path folder(DataFolders folders) {
            return DataFiles.folder(folders, "recsys", set, remedy());
        }

        Path ratings(Path folder) {
            return DataFiles.needed(folder, remedy(), ratings.toArray(String[]::new));
        }
    }

    /** Refuses settings that give no split. */
    static void check(double validation, double test, int core) {
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(test > 0 && test < 1, "test", test, "between 0 and 1");
        Check.require(core >= 0, "core", core, "at least 0");
    }

    @Override
    default Split load(DataFolders folders) {
        Path folder = files().folder(folders);
        Split divided = split() == Splits.By.GIVEN
                ? cure4rec(folder, Files.GIVEN, stopOn(), validation(), seed())
                : Splits.by(
                        split(),
                        stopOn(),
                        Splits.core(
                                ratings(files().ratings(folder), files().separator, threshold())
                                        .pairs()
                                        .numbered(),
                                core()),
                        test(),
                        validation(),
                        seed());
        return describe(divided, DataFiles.file(folder, files().users), files().bar, files().gender, files().age);
    }

    @Override
    default List<Path> files(DataFolders folders) {
        Path folder = files().folder(folders);
        List<Path> read = new ArrayList<>();
        if (split() == Splits.By.GIVEN) {
            read.add(DataFiles.needed(folder, Files.GIVEN, "cure4rec/train.csv"));
            read.add(DataFiles.needed(folder, Files.GIVEN, "cure4rec/test.csv"));
            DataFiles.file(folder, "cure4rec/item_map.tsv").ifPresent(read::add);
        } else {
            read.add(files().ratings(folder));
        }
        DataFiles.file(folder, files().users).ifPresent(read::add);
        return List.copyOf(read);
    }

    /** The download of GroupLens. It has no published SHA-256, so that of the first fetch is kept for later ones. */
    @Override
    default Optional<Fetch> publisher() {
        return Optional.of(new Fetch(
                URI.create("https://files.grouplens.org/datasets/movielens/" + files().set + ".zip"),
                Optional.empty(),
                "GroupLens terms: research use, no redistribution, no commercial use without permission"));
    }

    /**
     * The ratings of a file.
     *
     * @param pairs those that reach the threshold
     * @param rows number of all ratings
     */
    record Ratings(Pairs pairs, long rows) {}

    /**
     * Ratings, one a line: {@code user item stars [time]}, separated by tabs ({@code u.data}) or by {@code ::}
     * ({@code .dat}); ratings below {@code threshold} do not count.
     */
    static Ratings ratings(Path file, String separator, double threshold) {
        List<Pairs> pairs = new ArrayList<>(1);
        boolean timed = false;
        long read = 0;
        try (TextRows rows = TextRows.open(file, separator, StandardCharsets.ISO_8859_1)) {
            while (rows.next()) {
                read++;
                rows.expect(3, 4, "user, item, stars, optionally time");
                if (pairs.isEmpty()) {
                    timed = rows.count() == 4;
                    pairs.add(new Pairs(true, timed));
                } else if (timed != (rows.count() == 4)) {
                    throw rows.wrong(
                            "expected " + (timed ? 4 : 3) + " fields as in the lines before, found " + rows.count());
                }
                float stars = rows.number(2, "stars");
                long time = timed ? rows.whole(3, "time") : 0;
                long user = rows.whole(0, "user");
                long item = rows.whole(1, "item");
                if (stars >= threshold) {
                    pairs.getFirst().add(user, item, stars, time);
                }
            }
        }
        if (pairs.isEmpty() || pairs.getFirst().size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected ratings of at least " + threshold + ", found none");
        }
        return new Ratings(pairs.getFirst(), read);
    }

    /** The split that CURE4Rec publishes: {@code uid,iid,val} with dense numbers from 0, and the items' own ids. */
    private static Split cure4rec(Path folder, String remedy, Splits.StopOn stopOn, double validation, long seed) {
        Pairs train = cure4recPairs(DataFiles.needed(folder, remedy, "cure4rec/train.csv"));
        Pairs test = cure4recPairs(DataFiles.needed(folder, remedy, "cure4rec/test.csv"));
        int users = Math.max(train.userCount(), test.userCount());
        int items = Math.max(train.itemCount(), test.itemCount());
        long[] userIds = new long[users];
        Arrays.setAll(userIds, u -> u + 1L);
        Entities userEntities = Entities.ofNumbers(userIds);
        Entities itemEntities = DataFiles.file(folder, "cure4rec/item_map.tsv")
                .map(file -> Entities.ofNumbers(ids(file, items, "item")))
                .orElseGet(() -> Entities.numbered(items));
        return Splits.given(
                train.dense(userEntities, itemEntities),
                test.dense(userEntities, itemEntities),
                stopOn,
                validation,
                seed);
    }

    private static Pairs cure4recPairs(Path file) {
        Pairs pairs = new Pairs(false, false);
        try (TextRows rows = TextRows.open(file, ",", StandardCharsets.UTF_8)) {
            if (!rows.next() || !rows.text(0).equals("uid")) {
                throw new LetheException(
                        LetheException.Code.DATA, file + ":1: expected the header uid,iid,val, found another line");
            }
            while (rows.next()) {
                rows.expect(3, 3, "uid, iid, val");
                pairs.add(rows.dense(0, "uid"), rows.dense(1, "iid"), 1, 0);
            }
        }
        if (pairs.size() == 0) {
            throw new LetheException(LetheException.Code.DATA, file + ": expected interactions, found none");
        }
        return pairs;
    }

    /** The publisher's ids of entities numbered from 0: {@code number id}, separated by a tab, below a header. */
    static long[] ids(Path file, int count, String what) {
        long[] ids = new long[count];
        Arrays.fill(ids, -1);
        try (TextRows rows = TextRows.open(file, "\t", StandardCharsets.UTF_8)) {
            rows.next(); // the header
            while (rows.next()) {
                rows.expect(2, 2, what + ", id");
                int number = rows.dense(0, what);
                if (number >= count) {
                    throw rows.wrong(what + " is " + number + ", expected below " + count);
                }
                ids[number] = rows.dense(1, "id");
            }
        }
        for (int number = 0; number < count; number++) {
            if (ids[number] < 0) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": expected an id for " + what + " " + number + ", found none");
            }
        }
        if (Arrays.stream(ids).distinct().count() < count) {
            throw new LetheException(LetheException.Code.DATA, file + ": expected an id of its own for every " + what);
        }
        return ids;
    }

    /**
     * Adds gender, age and occupation to users whose ids are MovieLens's: {@code id|age|gender|occupation|zip}
     * ({@code u.user}) or {@code id::gender::age::occupation::zip} ({@code users.dat}).
     */
    static Split describe(Split split, Optional<Path> file, String separator, int genderField, int ageField) {
        if (file.isEmpty()) {
            return split;
        }
        Entities users = split.train().userEntities();
        String[] gender = new String[users.size()];
        String[] occupation = new String[users.size()];
        double[] age = new double[users.size()];
        Arrays.fill(gender, "");
        Arrays.fill(occupation, "");
        Arrays.fill(age, Double.NaN);
        try (TextRows rows = TextRows.open(file.get(), separator, StandardCharsets.ISO_8859_1)) {
            while (rows.next()) {
                rows.expect(5, 5, "id, age, gender, occupation, zip");
                users.find(rows.text(0)).ifPresent(u -> {
                    gender[u] = rows.text(genderField);
                    age[u] = rows.number(ageField, "age");
                    occupation[u] = rows.text(3);
                });
            }
        }
        Entities described = users.with("gender", Entities.Categorical.of(gender))
                .with("age", new Entities.Numeric(age))
                .with("occupation", Entities.Categorical.of(occupation));
        return split.each(part -> part.with(described, part.itemEntities()));
    }
}
