package org.lethe.recsys.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.tables.DataFiles;
import org.lethe.tables.Entities;
import org.lethe.tables.TextRows;

/**
 * A set in the split and the groups of In-UCDS (Han et al. 2023), from the files of its published code; the sets differ only
 * in their files.
 *
 * <p>A set is three parts of {@code user item value}, without a header and with numbers from 0, and two lists of users. The lists
 * become the attribute {@value #GROUP}, so that {@code balance {groups: group, advantaged: [advantaged]}} asks for the
 * published groups. A user in neither list has no label.
 */
sealed interface InUcdsSet extends DataSource<Split> permits InUcdsMovieLens, InUcdsEpinions, InUcdsGowalla {
    /** The attribute of the published groups. */
    String GROUP = "group";

    /** The label of the users in {@code active_ids.txt}. */
    String ADVANTAGED = "advantaged";

    /** The label of the users in {@code inactive_ids.txt}. */
    String DISADVANTAGED = "disadvantaged";

    /** Advice where a file is missing. */
    String REMEDY = "take the folder In-UCDS/sigDatasets of the authors' repository; it cannot be fetched from here";

    /** The rule of the split. */
    Splits.By split();

    /** The part for early stopping. */
    Splits.StopOn stopOn();

    /** Share of each user's training interactions in the validation part, unless the split is given. */
    double validation();

    /** Share of each user's interactions in the test part, for a random split. */
    double test();

    /** Seed of the split. */
    long seed();

    /** The place of this set. */
    Place place();

    /**
     * The place of a set.
     *
     * @param set its folder
     * @param prefix beginning of the names of its three parts
     */
    record Place(String set, String prefix) {
        Path folder(DataFolders folders) {
            return DataFiles.folder(folders, "recsys", "inucds/" + set, REMEDY);
        }

        Path part(Path folder, String part) {
            return DataFiles.needed(folder, REMEDY, prefix + "_" + part + ".txt");
        }

        Path list(Path folder, String name) {
            return DataFiles.needed(folder, REMEDY, name + "_ids.txt");
        }
    }

    /** Refuses settings that give no split. */
    static void check(Splits.By split, double validation, double test) {
        Check.require(
                split != Splits.By.TEMPORAL,
                "split",
                split,
                "given, random or leave-one-out, as the data has no times");
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    @Override
    default Split load(DataFolders folders) {
        Path folder = place().folder(folders);
        List<Path> files = parts(folder);
        List<Pairs> pairs = files.stream().map(InUcdsSet::pairs).toList();
        int users = count(folder, pairs, pairs.stream().mapToInt(Pairs::userCount), "users");
        int items = count(folder, pairs, pairs.stream().mapToInt(Pairs::itemCount), "items");
        Optional<Path> userMap = DataFiles.file(folder, "user_map.tsv");
        Entities userEntities = userMap.map(map -> Entities.ofNumbers(MovieLens.ids(map, users, "user")))
                .orElseGet(() -> Entities.numbered(users))
                .with(GROUP, groups(place().list(folder, "active"), place().list(folder, "inactive"), users));
        Entities itemEntities = DataFiles.file(folder, "item_map.tsv")
                .map(map -> Entities.ofNumbers(MovieLens.ids(map, items, "item")))
                .orElseGet(() -> Entities.numbered(items));
        List<Interactions> parts = pairs.stream()
                .map(part -> part.dense(userEntities, itemEntities))
                .toList();
        refuseShared(files, parts);
        Split divided = divided(parts.get(0), parts.get(1), parts.get(2));
        return userMap.isEmpty() ? divided : MovieLens.describe(divided, people(folders), "|", 2, 1);
    }

    @Override
    default List<Path> files(DataFolders folders) {
        Path folder = place().folder(folders);
        List<Path> read = new ArrayList<>(parts(folder));
        read.add(place().list(folder, "active"));
        read.add(place().list(folder, "inactive"));
        Optional<Path> userMap = DataFiles.file(folder, "user_map.tsv");
        userMap.ifPresent(read::add);
        DataFiles.file(folder, "item_map.tsv").ifPresent(read::add);
        userMap.flatMap(map -> people(folders)).ifPresent(read::add);
        return List.copyOf(read);
    }

    /** Gender, age and occupation by MovieLens's ids, where that set is there too. */
    private static Optional<Path> people(DataFolders folders) {
        return folders.find("recsys/ml-100k", "ml-100k").flatMap(folder -> DataFiles.file(folder, "u.user"));
    }

    private List<Path> parts(Path folder) {
        return List.of(place().part(folder, "train"), place().part(folder, "tune"), place().part(folder, "test"));
    }

    private Split divided(Interactions train, Interactions tune, Interactions test) {
        Interactions learning = train.and(tune);
        if (split() != Splits.By.GIVEN) {
            return Splits.by(split(), stopOn(), learning.and(test), test(), validation(), seed());
        }
        return stopOn() == Splits.StopOn.VALIDATION
                ? new Split(train, tune, test)
                : Splits.given(learning, test, stopOn(), 0, seed());
    }

    private static Pairs pairs(Path file) {
        Pairs pairs = new Pairs(true, false);
        try (TextRows rows = TextRows.open(file, "\t", StandardCharsets.UTF_8)) {
            while (rows.next()) {
                rows.expect(3, 3, "user, item, value");
                pairs.add(rows.dense(0, "user"), rows.dense(1, "item"), rows.number(2, "value"), 0);
            }
        }
        if (pairs.size() == 0) {
            throw new LetheException(LetheException.Code.DATA, file + ": expected interactions, found none");
        }
        return pairs;
    }

    /** One more than the largest number. Without gaps it is at most the number of pairs, which bounds the memory. */
    private static int count(Path folder, List<Pairs> pairs, IntStream counts, String what) {
        int count = counts.max().orElse(0);
        int interactions = pairs.stream().mapToInt(Pairs::size).sum();
        if (count > interactions) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    folder + ": numbers of " + what + " go up to " + (count - 1) + " in " + interactions
                            + " interactions, expected numbers from 0 without gaps");
        }
        return count;
    }

    private static Entities.Categorical groups(Path active, Path inactive, int users) {
        String[] labels = new String[users];
        Arrays.fill(labels, "");
        label(active, labels, ADVANTAGED);
        label(inactive, labels, DISADVANTAGED);
        return Entities.Categorical.of(labels);
    }

    private static void label(Path file, String[] labels, String label) {
        try (TextRows rows = TextRows.open(file, "\t", StandardCharsets.UTF_8)) {
            while (rows.next()) {
                rows.expect(1, 1, "user");
                int user = rows.dense(0, "user");
                if (user >= labels.length) {
                    throw rows.wrong("user is " + user + ", expected one of the data, below " + labels.length);
                }
                if (!labels[user].isEmpty()) {
                    throw rows.wrong("user is " + user + ", which is listed before as " + labels[user]
                            + "; expected every user in one list, once");
                }
                labels[user] = label;
            }
        }
    }

    private static void refuseShared(List<Path> files, List<Interactions> parts) {
        for (int p = 0; p < parts.size(); p++) {
            for (int q = 0; q < p; q++) {
                int shared = parts.get(p).where(parts.get(q)::contains).size();
                if (shared > 0) {
                    throw new LetheException(
                            LetheException.Code.DATA,
                            files.get(p) + ": " + shared + " of its pairs are also in "
                                    + files.get(q).getFileName() + ", expected every pair in one part");
                }
            }
        }
    }
}
