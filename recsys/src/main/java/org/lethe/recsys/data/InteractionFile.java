package org.lethe.recsys.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.tables.AttributeFile;
import org.lethe.tables.Columns;
import org.lethe.tables.Entities;
import org.lethe.tables.Ids;
import org.lethe.tables.TextRows;
import org.lethe.tables.Times;

/**
 * The user's own interactions: a CSV, TSV or Parquet file with named columns, a MovieLens file, or lists of items.
 *
 * <p>CSV and TSV need a header. {@code movielens} is {@code user item stars [time]} without a header, separated by tabs or
 * by {@code ::}, whichever the first line has. {@code lists} is {@code user item item …}, separated by blanks, with dense
 * numbers from 0. Text files may be gzipped.
 *
 * <p>{@code people} is a second file, CSV, TSV or Parquet, with a row for each user. Every column of it but the ids becomes an
 * attribute of users, which a request can hide or balance by. An attribute of more than twenty different numbers is a number;
 * any other one is labels. Words for a missing value, such as {@code nan}, {@code NA}, {@code null} and {@code None}, count as
 * none. Nothing is known of users without a row; rows of users without interactions are counted in the facts.
 *
 * <p>Only these files are read, and nothing is downloaded.
 *
 * @param path path of the file: absolute, from the current folder, or in a data folder
 * @param format format of the file; auto chooses by the ending of its name
 * @param users name of the column of users
 * @param items name of the column of items
 * @param value name of the column of values, for example stars; empty for none
 * @param time name of the column of times, in seconds or thousandths of them, told apart by size, or as date and time; empty for none
 * @param people path of a file with the attributes of users: .csv, .tsv or .parquet; empty for none
 * @param personId name of its column of users' ids
 * @param threshold smallest value that counts as an interaction
 * @param core smallest number of interactions of a user and of an item (k-core); 0 keeps all
 * @param split rule of the split: random, leave-one-out or temporal
 * @param stopOn part for early stopping: validation, test or none
 * @param validation share of each user's training interactions in the validation part
 * @param test share of the interactions in the test part, for a random or temporal split
 * @param seed seed of the split
 */
@Named("file")
public record InteractionFile(
        String path,
        Format format,
        String users,
        String items,
        String value,
        String time,
        String people,
        String personId,
        double threshold,
        int core,
        Splits.By split,
        Splits.StopOn stopOn,
        double validation,
        double test,
        long seed)
        implements DataSource<Split> {
    private static final String ID = "id";
    private static final long SPARE = 1_000_000; // numbers that lists may leave out,
    private static final long SPARSE = 16; // and for each of their interactions

    /** The formats of a file of interactions. */
    public enum Format {
        /** By the ending of the name. */
        AUTO,
        /** Named columns, separated by commas. */
        CSV,
        /** Named columns, separated by tabs. */
        TSV,
        /** Named columns, packed. */
        PARQUET,
        /** User, item, stars and perhaps a time, without names. */
        MOVIELENS,
        /** A user and their items on each line. */
        LISTS
    }

    public InteractionFile {
        Check.require(split != Splits.By.GIVEN, "split", split, "random, leave-one-out or temporal for one file");
        Check.require(!users.isBlank(), "users", "\"\"", "the name of a column");
        Check.require(!items.isBlank(), "items", "\"\"", "the name of a column");
        Check.require(!personId.isBlank(), "personId", "\"\"", "the name of a column");
        Check.require(
                !people.isEmpty() || personId.equals(ID),
                "personId",
                personId,
                "people, the file with this column, too");
        Check.require(Double.isFinite(threshold), "threshold", threshold, "a finite number");
        Check.require(core >= 0, "core", core, "at least 0");
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** No file yet; columns {@code user} and {@code item}. */
    public InteractionFile() {
        this("");
    }

    /** Columns {@code user} and {@code item} of a file, split at random. */
    public InteractionFile(String path) {
        this(
                path,
                Format.AUTO,
                "user",
                "item",
                "",
                "",
                "",
                ID,
                0,
                0,
                Splits.By.RANDOM,
                Splits.StopOn.VALIDATION,
                0.1,
                0.2,
                1);
    }

    public InteractionFile withFormat(Format format) {
        return Components.with(this, "format", format);
    }

    public InteractionFile withValue(String value) {
        return Components.with(this, "value", value);
    }

    public InteractionFile withTime(String time) {
        return Components.with(this, "time", time);
    }

    /** With the attributes of users in another file, whose column of ids is {@code personId}. */
    public InteractionFile withPeople(String people, String personId) {
        return new InteractionFile(
                path,
                format,
                users,
                items,
                value,
                time,
                people,
                personId,
                threshold,
                core,
                split,
                stopOn,
                validation,
                test,
                seed);
    }

    public InteractionFile withThreshold(double threshold) {
        return Components.with(this, "threshold", threshold);
    }

    public InteractionFile withStopOn(Splits.StopOn stopOn) {
        return Components.with(this, "stopOn", stopOn);
    }

    @Override
    public Split load(DataFolders folders) {
        Interactions kept = Splits.core(read(folders), core);
        if (kept.size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    path + ": core is " + core + ", and no user and item have so many interactions; expected less");
        }
        return Splits.by(split, stopOn, kept, test, validation, seed);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path file = file(folders);
        return people.isEmpty() ? List.of(file) : List.of(file, people(folders));
    }

    /** All interactions with the attributes of users, before the split and the k-core. */
    public Interactions read(DataFolders folders) {
        Interactions all = found(folders).interactions;
        return people.isEmpty() ? all : all.with(described(all, folders).entities(), all.itemEntities());
    }

    private AttributeFile.Matched described(Interactions all, DataFolders folders) {
        return AttributeFile.all(people(folders), personId, "personId").matched(all.userEntities(), "user", path);
    }

    /**
     * The content of the files in words, by name: rows, interactions, rows below the threshold, rows that repeat a user and
     * item, what the k-core drops, attributes, users without a row of attributes, and rows of users without interactions; the
     * last seven only if there are any.
     */
    @Override
    public Map<String, String> facts(DataFolders folders) {
        Found found = found(folders);
        Interactions all = found.interactions;
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("rows", "" + found.rows);
        facts.put("all", all.toString());
        if (found.below > 0) {
            String stars = value.isEmpty() ? "stars" : value;
            facts.put("dropped", found.below + " rows with " + stars + " below the threshold of " + threshold);
        }
        long repeated = found.rows - found.below - all.size();
        if (repeated > 0) {
            facts.put("repeated", repeated + " rows whose user and item stand in another row");
        }
        if (core > 0) {
            Interactions kept = Splits.core(all, core);
            facts.put(
                    "core",
                    "drops " + (all.users() - kept.users()) + " users, " + (all.items() - kept.items()) + " items, "
                            + (all.size() - kept.size())
                            + " interactions, so that each user and item left has at least "
                            + core);
        }
        if (!people.isEmpty()) {
            people(described(all, folders), facts);
        }
        return facts;
    }

    private static void people(AttributeFile.Matched described, Map<String, String> facts) {
        facts.put(
                "people",
                described.entities().attributes().entrySet().stream()
                        .map(a -> Printable.text(a.getKey()) + kind(a.getValue()))
                        .collect(Collectors.joining(", ")));
        if (described.unknown() > 0) {
            facts.put("unknown", described.unknown() + " users without a row in the file of people");
        }
        if (described.strangers() > 0) {
            facts.put("strangers", described.strangers() + " ids in the file of people without interactions");
        }
    }

    private static String kind(Entities.Attribute attribute) {
        return switch (attribute) {
            case Entities.Categorical labels -> " (" + labels.labels().size() + " labels)";
            case Entities.Numeric numbers -> " (numbers)";
        };
    }

    /**
     * The content of a file.
     *
     * @param rows number of rows, each a pair of a user and an item
     * @param below number of rows below the threshold
     */
    private record Found(Interactions interactions, long rows, long below) {}

    private Found found(DataFolders folders) {
        Path file = file(folders);
        return switch (format == Format.AUTO ? guess(file) : format) {
            case AUTO -> throw new IllegalStateException("guess never says auto");
            case CSV -> columns(Columns.separated(file, ","));
            case TSV -> columns(Columns.separated(file, "\t"));
            case PARQUET -> columns(Columns.parquet(file));
            case MOVIELENS -> {
                MovieLens.Ratings read = MovieLens.ratings(file, TextRows.separator(file, "\t", "::"), threshold);
                yield new Found(
                        read.pairs().numbered(),
                        read.rows(),
                        read.rows() - read.pairs().size());
            }
            case LISTS -> {
                Pairs pairs = lists(file);
                yield new Found(
                        pairs.dense(Entities.numbered(pairs.userCount()), Entities.numbered(pairs.itemCount())),
                        pairs.size(),
                        0);
            }
        };
    }

    /** The interactions in named columns whose value reaches the threshold. */
    private Found columns(Columns columns) {
        if (value.isEmpty() && threshold != 0) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "data file: threshold is " + threshold + ", expected value, the column it applies to, too");
        }
        columns.require(users, items, value, time);
        List<Columns.Want> wanted = new ArrayList<>();
        wanted.add(new Columns.Want(users, Columns.As.ID));
        wanted.add(new Columns.Want(items, Columns.As.ID));
        int valueAt = wanted.size();
        if (!value.isEmpty()) {
            wanted.add(new Columns.Want(value, Columns.As.NUMBER));
        }
        int timeAt = wanted.size();
        if (!time.isEmpty()) {
            wanted.add(new Columns.Want(time, Columns.As.TEXT));
        }
        Ids userIds = new Ids();
        Ids itemIds = new Ids();
        Times times = new Times();
        float[] values = new float[value.isEmpty() ? 0 : 1 << 10];
        try (Columns.Rows rows = columns.rows(wanted)) {
            while (rows.next()) {
                rows.id(0, userIds);
                rows.id(1, itemIds);
                if (!value.isEmpty()) {
                    int row = userIds.size() - 1;
                    float stars = (float) rows.number(valueAt);
                    if (!Float.isFinite(stars)) {
                        throw rows.wrong(valueAt, "a finite number");
                    }
                    values = row < values.length ? values : Arrays.copyOf(values, 2 * row);
                    values[row] = stars;
                }
                if (!time.isEmpty() && !times.add(rows.text(timeAt))) {
                    throw rows.wrong(timeAt, "seconds, or a date and time");
                }
            }
        }
        long[] userOf = userIds.keys();
        long[] itemOf = itemIds.keys();
        long[] timeOf = times.all();
        Pairs pairs = new Pairs(!value.isEmpty(), !time.isEmpty());
        long below = 0;
        for (int k = 0; k < userOf.length; k++) {
            float stars = value.isEmpty() ? 1 : values[k];
            if (value.isEmpty() || stars >= threshold) {
                pairs.add(userOf[k], itemOf[k], stars, time.isEmpty() ? 0 : timeOf[k]);
            } else {
                below++;
            }
        }
        if (pairs.size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    columns.file() + ": expected interactions" + (value.isEmpty() ? "" : " of at least " + threshold)
                            + ", found none in " + userOf.length + " rows");
        }
        return new Found(pairs.numbered(userIds::entities, itemIds::entities), userOf.length, below);
    }

    /** Lists of items, {@code user item item …}, as in the LightGCN and RecEraser files. */
    static Pairs lists(Path file) {
        Pairs pairs = new Pairs(false, false);
        int[] largest = {-1, -1};
        long[] lines = new long[2];
        try (TextRows rows = TextRows.open(file, " ", StandardCharsets.UTF_8)) {
            while (rows.next()) {
                int user = rows.dense(0, "user");
                for (int k = 1; k < rows.count(); k++) {
                    if (!rows.text(k).isEmpty()) { // a blank at the end of the line
                        int item = rows.dense(k, "item");
                        pairs.add(user, item, 1, 0);
                        largest(item, 1, largest, lines, rows.line());
                    }
                }
                largest(user, 0, largest, lines, rows.line());
            }
        }
        if (pairs.size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected lines of \"user item item ...\", found none");
        }
        for (int k = 0; k < 2; k++) {
            if (largest[k] > SPARE + SPARSE * pairs.size()) { // memory is taken for all numbers up to the largest
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ":" + lines[k] + ": " + "the number of the " + (k == 0 ? "user" : "item")
                                + " is too large, expected dense numbers from 0, as the file has " + pairs.size()
                                + " interactions");
            }
        }
        return pairs;
    }

    private static void largest(int number, int which, int[] largest, long[] lines, long line) {
        if (number > largest[which]) {
            largest[which] = number;
            lines[which] = line;
        }
    }

    private Path file(DataFolders folders) {
        if (path.isBlank()) {
            throw new LetheException(
                    LetheException.Code.STUDY, "data file: path is \"\", expected the path of a file of interactions");
        }
        return there(path, "", folders);
    }

    private Path people(DataFolders folders) {
        return there(people, "people: ", folders);
    }

    private static Path there(String path, String setting, DataFolders folders) {
        Path own = Path.of(path);
        Path file = Files.exists(own) ? own : folders.find(path).orElse(own);
        if (!Files.isRegularFile(file)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    setting + path + ": there is no such file, here or in the data folders " + folders.folders());
        }
        return file;
    }

    private static Format guess(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        name = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
        if (name.endsWith(".csv")) {
            return Format.CSV;
        }
        if (name.endsWith(".tsv") || name.endsWith(".inter")) {
            return Format.TSV;
        }
        if (name.endsWith(".parquet")) {
            return Format.PARQUET;
        }
        if (name.endsWith(".dat") || name.endsWith(".data")) {
            return Format.MOVIELENS;
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                file
                        + ": the name does not say what the file is; expected format csv, tsv, parquet, movielens or lists");
    }
}
