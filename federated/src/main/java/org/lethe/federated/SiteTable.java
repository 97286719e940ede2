package org.lethe.federated;

import static org.lethe.Check.require;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.tables.Columns;

/**
 * The table of one real site, which stays there. The site tells a {@link Profile} of it, the server makes an {@link Agreement} of
 * all profiles, and the site encodes its rows by that.
 *
 * <p>A profile holds, of the training rows: how many there are; of a column of numbers, its range rounded outwards to two digits;
 * of a column of texts, those that enough rows have; of each group of people, its size, where it is large enough.
 */
public final class SiteTable {
    private final Layout layout;
    private final Frame train;
    private final Frame test;
    private final List<Encoding.Part> parts;

    private SiteTable(Layout layout, Frame train, Frame test, List<Encoding.Part> parts) {
        this.layout = layout;
        this.train = train;
        this.test = test;
        this.parts = parts;
    }

    /**
     * What the server asks of the table of each site.
     *
     * @param label name of the column of labels
     * @param positive text of the label that counts as 1
     * @param sensitive names of the columns that are attributes of people
     * @param features names of the columns that become features; empty for all others
     * @param sensitiveInInput whether sensitive columns are features too
     * @param test share of the rows in the test part
     * @param seed that divides the rows
     * @param least fewest rows of a site with a text, or in a group, that it tells of
     */
    public record Layout(
            String label,
            String positive,
            List<String> sensitive,
            List<String> features,
            boolean sensitiveInInput,
            double test,
            long seed,
            int least) {
        public Layout {
            sensitive = List.copyOf(sensitive);
            features = List.copyOf(features);
            require(least >= 1, "least", least, "at least 1");
            new SiteFile("", label, positive, sensitive, features, sensitiveInInput, "", new Partition(), test);
        }
    }

    /**
     * What a site tells of its table.
     *
     * @param rows number of training rows
     * @param columns that would become features
     * @param groups sizes of the groups of people that are large enough
     */
    public record Profile(int rows, List<Column> columns, List<Cell> groups) {
        public Profile {
            columns = List.copyOf(columns);
            groups = List.copyOf(groups);
            require(rows >= 1, "rows", rows, "at least 1");
        }
    }

    /**
     * A column that becomes features.
     *
     * @param name its name
     * @param number whether it holds numbers, in place of texts
     * @param low number that becomes 0
     * @param high number that becomes 1
     * @param texts one feature for each, in alphabetical order; none for numbers
     */
    public record Column(String name, boolean number, double low, double high, List<String> texts) {
        public Column {
            texts = List.copyOf(texts);
            require(
                    Double.isFinite(low) && Double.isFinite(high) && low <= high,
                    "range of " + name,
                    low + " to " + high,
                    "finite numbers in order");
        }
    }

    /**
     * A group of people of one site.
     *
     * @param labels one for each sensitive column
     * @param rows how many training rows it has there
     */
    public record Cell(List<String> labels, int rows) {
        public Cell {
            labels = List.copyOf(labels);
            require(rows >= 1, "rows of a group", rows, "at least 1");
        }
    }

    /**
     * What all sites encode their rows by.
     *
     * @param columns that become features, in order
     * @param grouping the groups of people, or none where there is no sensitive column
     */
    public record Agreement(List<Column> columns, List<Grouping> grouping) {
        public Agreement {
            columns = List.copyOf(columns);
            grouping = List.copyOf(grouping);
            require(!columns.isEmpty(), "columns", "empty", "at least one");
            require(grouping.size() <= 1, "groupings", grouping.size(), "at most one");
        }

        /** How many features there are. */
        public int features() {
            return columns.stream().mapToInt(c -> c.number ? 1 : c.texts.size()).sum();
        }

        /** How many groups there are, perhaps none. */
        public int groups() {
            return grouping.isEmpty() ? 0 : grouping.getFirst().count();
        }
    }

    /** An encoded part of a table with the group of each row, −1 for none. */
    public record Encoded(Records records, int[] groups) {}

    /**
     * Reads the table of one site.
     *
     * @param site column that says which site holds a row, or empty where all rows are of this site
     * @param name of the site in that column
     */
    public static SiteTable read(Path file, Layout layout, String site, String name) {
        SiteFile as = new SiteFile(
                String.valueOf(file),
                layout.label,
                layout.positive,
                layout.sensitive,
                layout.features,
                layout.sensitiveInInput,
                site,
                new Partition(),
                layout.test);
        List<String> inputs = as.inputs(file);
        TreeSet<String> wanted = new TreeSet<>(inputs);
        wanted.addAll(layout.sensitive);
        wanted.add(layout.label);
        if (!site.isEmpty()) {
            wanted.add(site);
        }
        Frame all = Frame.columns(Columns.open(file), List.copyOf(wanted));
        if (!site.isEmpty()) {
            int column = all.column(site);
            List<Integer> own = new ArrayList<>();
            for (int row = 0; row < all.size(); row++) {
                if (all.text(row, column).strip().equals(name)) {
                    own.add(row);
                }
            }
            all = all.only(own.stream().mapToInt(row -> row).toArray());
        }
        List<Encoding.Part> parts = new ArrayList<>();
        for (String column : inputs) {
            parts.add(SiteFile.part(all, column));
        }
        Frame[] divided = PublicTable.divided(all, layout.test, layout.seed);
        if (divided[0].size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": " + all.size() + " rows of this site give no training row, expected more");
        }
        return new SiteTable(layout, divided[0], divided[1], parts);
    }

    /** What this site tells the server of its training rows. */
    public Profile profile() {
        List<Column> columns = new ArrayList<>();
        for (Encoding.Part part : parts) {
            int c = train.column(part.column());
            if (part instanceof Encoding.Part.Scaled) {
                double low = Double.POSITIVE_INFINITY;
                double high = Double.NEGATIVE_INFINITY;
                for (int row = 0; row < train.size(); row++) {
                    low = Math.min(low, train.number(row, c));
                    high = Math.max(high, train.number(row, c));
                }
                columns.add(new Column(
                        part.column(),
                        true,
                        outwards(low, RoundingMode.FLOOR),
                        outwards(high, RoundingMode.CEILING),
                        List.of()));
            } else {
                Map<String, Integer> counts = new TreeMap<>();
                for (int row = 0; row < train.size(); row++) {
                    counts.merge(train.text(row, c), 1, Integer::sum);
                }
                columns.add(new Column(part.column(), false, 0, 0, enough(counts)));
            }
        }
        return new Profile(train.size(), columns, cells());
    }

    /** Rounded to two digits, so that the range is not the exact number of one person. */
    static double outwards(double number, RoundingMode mode) {
        return new BigDecimal(number).round(new MathContext(2, mode)).doubleValue();
    }

    private List<String> enough(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .filter(e -> e.getValue() >= layout.least)
                .map(Map.Entry::getKey)
                .toList();
    }

    private List<Cell> cells() {
        if (layout.sensitive.isEmpty()) {
            return List.of();
        }
        int[] columns = layout.sensitive.stream().mapToInt(train::column).toArray();
        Map<List<String>, Integer> counts = new LinkedHashMap<>();
        for (int row = 0; row < train.size(); row++) {
            int at = row;
            List<String> labels =
                    Arrays.stream(columns).mapToObj(c -> train.text(at, c)).toList();
            if (labels.stream().noneMatch(String::isBlank)) {
                counts.merge(labels, 1, Integer::sum);
            }
        }
        return counts.entrySet().stream()
                .filter(e -> e.getValue() >= layout.least)
                .map(e -> new Cell(e.getKey(), e.getValue()))
                .sorted((a, b) -> String.join("\n", a.labels).compareTo(String.join("\n", b.labels)))
                .toList();
    }

    /**
     * Puts profiles together; a {@code LetheException} names what does not fit.
     *
     * @param smallest fewest rows of a group, over all sites
     */
    public static Agreement agree(Layout layout, List<Profile> profiles, int smallest) {
        List<Column> columns = new ArrayList<>();
        List<Column> first = profiles.getFirst().columns;
        List<String> names = first.stream().map(Column::name).toList();
        for (Profile profile : profiles) {
            List<String> others = profile.columns.stream().map(Column::name).toList();
            if (!new TreeSet<>(others).equals(new TreeSet<>(names)) || others.size() != names.size()) {
                throw wrong("one site has the columns " + Printable.text(others.toString()) + ", another "
                        + Printable.text(names.toString()) + ", expected the same; name them in features");
            }
        }
        for (String name : names) {
            List<Column> all = profiles.stream()
                    .map(p -> p.columns.stream()
                            .filter(c -> c.name.equals(name))
                            .findFirst()
                            .orElseThrow())
                    .toList();
            long numbers = all.stream().filter(Column::number).count();
            if (numbers != 0 && numbers != all.size()) {
                throw wrong("column \"" + Printable.text(name) + "\" holds numbers at " + numbers + " of " + all.size()
                        + " sites and other texts elsewhere, expected one kind");
            }
            if (numbers > 0) {
                columns.add(new Column(
                        name,
                        true,
                        all.stream().mapToDouble(Column::low).min().orElseThrow(),
                        all.stream().mapToDouble(Column::high).max().orElseThrow(),
                        List.of()));
            } else {
                columns.add(new Column(
                        name,
                        false,
                        0,
                        0,
                        all.stream()
                                .flatMap(c -> c.texts.stream())
                                .distinct()
                                .sorted()
                                .toList()));
            }
        }
        return new Agreement(columns, grouping(layout, profiles, smallest));
    }

    private static List<Grouping> grouping(Layout layout, List<Profile> profiles, int smallest) {
        if (layout.sensitive.isEmpty()) {
            return List.of();
        }
        List<TreeSet<String>> found =
                layout.sensitive.stream().map(_ -> new TreeSet<String>()).toList();
        for (Profile profile : profiles) {
            for (Cell cell : profile.groups) {
                require(cell.labels.size() == found.size(), "labels of a group", cell.labels.size(), "" + found.size());
                for (int a = 0; a < found.size(); a++) {
                    found.get(a).add(cell.labels.get(a));
                }
            }
        }
        List<List<String>> labels = found.stream().map(List::copyOf).toList();
        long product = 1;
        for (List<String> known : labels) {
            product *= Math.max(1, known.size());
            if (product > 10_000) {
                throw wrong("groups by " + Printable.text(layout.sensitive.toString())
                        + " are more than 10,000, expected fewer");
            }
        }
        long[] counts = new long[(int) product];
        for (Profile profile : profiles) {
            for (Cell cell : profile.groups) {
                int at = 0;
                for (int a = 0; a < labels.size(); a++) {
                    at = at * labels.get(a).size() + labels.get(a).indexOf(cell.labels.get(a));
                }
                counts[at] += cell.rows;
            }
        }
        return List.of(Grouping.of(layout.sensitive, labels, counts, smallest));
    }

    private static LetheException wrong(String what) {
        return new LetheException(LetheException.Code.DATA, "profiles of the sites: " + what);
    }

    /** The training rows, encoded. */
    public Encoded train(Agreement agreement) {
        return encoded(train, agreement);
    }

    /** The test rows, encoded. */
    public Encoded test(Agreement agreement) {
        return encoded(test, agreement);
    }

    private Encoded encoded(Frame frame, Agreement agreement) {
        List<String> names = new ArrayList<>();
        List<Encoding.Column> columns = new ArrayList<>();
        for (Column column : agreement.columns) {
            Encoding.Part part =
                    column.number ? new Encoding.Part.Scaled(column.name) : new Encoding.Part.Categories(column.name);
            double[] range = column.number ? new double[] {column.low, column.high - column.low} : new double[0];
            columns.add(new Encoding.Column(part, names.size(), column.texts, range));
            if (column.number) {
                names.add(column.name);
            }
            column.texts.forEach(text -> names.add(column.name + "=" + text));
        }
        List<Records.Attribute> attributes = layout.sensitive.stream()
                .map(name -> Encoding.attribute(frame, name, frame))
                .toList();
        Records records = new Encoding.Fitted(names, columns)
                .records(frame, Encoding.labels(frame, layout.label, List.of(layout.positive)), attributes);
        int[] groups =
                agreement.grouping.stream().findFirst().map(g -> g.of(records)).orElseGet(() -> new int[0]);
        return new Encoded(records, groups);
    }

    /** The names of the columns whose content a profile tells something of. */
    @Override
    public String toString() {
        return parts.stream().map(Encoding.Part::column).collect(Collectors.joining(", "));
    }
}
