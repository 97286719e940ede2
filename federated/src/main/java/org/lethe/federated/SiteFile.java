package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.tables.Columns;

/**
 * The user's own table of people: a CSV, TSV or Parquet file with named columns.
 *
 * <p>A column of numbers becomes a feature scaled by the training rows, any other column one feature for each of its texts; an
 * empty text is a category like any other. A column that is nearly all numbers is refused, with the line of the first text that
 * is none. Sensitive columns are features only where asked for. Only this file is read, and nothing is downloaded.
 *
 * @param path path of the file: absolute, from the current folder, or in a data folder
 * @param label name of the column of labels, which no row may lack
 * @param positive text of the label that counts as 1
 * @param sensitive names of the columns that are attributes of people
 * @param features names of the columns that become features; empty for all others, which only CSV and TSV files can say
 * @param sensitiveInInput whether sensitive columns are features too, where features does not say
 * @param site name of the column that says which client holds a row; empty where {@code sites} divides the rows
 * @param sites how the rows are divided over clients; with a column for it, only least counts
 * @param test share of the rows in the test part
 */
@Named("file")
public record SiteFile(
        String path,
        String label,
        String positive,
        List<String> sensitive,
        List<String> features,
        boolean sensitiveInInput,
        String site,
        Partition sites,
        double test)
        implements DataSource<Sites> {
    private static final double NEARLY = 0.5; // share of numbers from which a column that has other texts is a mistake

    public SiteFile {
        sensitive = List.copyOf(sensitive);
        features = List.copyOf(features);
        require(!label.isBlank(), "label", "\"\"", "the name of a column");
        require(!sensitive.contains(label), "sensitive", sensitive, "columns other than the label, " + label);
        require(!features.contains(label), "features", features, "columns other than the label, " + label);
        require(new HashSet<>(sensitive).size() == sensitive.size(), "sensitive", sensitive, "different names");
        require(new HashSet<>(features).size() == features.size(), "features", features, "different names");
        require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** No file yet; the column {@code label}, whose text 1 counts. */
    public SiteFile() {
        this("", "label", "1", List.of(), List.of(), false, "", new Partition(), 0.3);
    }

    public SiteFile withPath(String path) {
        return Components.with(this, "path", path);
    }

    public SiteFile withLabel(String label, String positive) {
        return Components.with(Components.with(this, "label", label), "positive", positive);
    }

    public SiteFile withSensitive(List<String> sensitive) {
        return Components.with(this, "sensitive", sensitive);
    }

    public SiteFile withSite(String site) {
        return Components.with(this, "site", site);
    }

    public SiteFile withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders));
    }

    @Override
    public Sites load(DataFolders folders) {
        Path file = file(folders);
        List<String> inputs = inputs(file);
        Set<String> wanted = new LinkedHashSet<>(inputs);
        wanted.addAll(sensitive);
        wanted.add(label);
        if (!site.isEmpty()) {
            wanted.add(site);
        }
        Frame all = Frame.columns(Columns.open(file), List.copyOf(wanted));
        if (all.size() < 2) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected at least 2 rows, found " + all.size());
        }
        requireLabels(all);
        List<Encoding.Part> parts = new ArrayList<>();
        for (String column : inputs) {
            parts.add(part(all, column));
        }
        Frame[] divided = PublicTable.divided(all, test, sites.seed());
        if (divided[0].size() == 0 || divided[1].size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": " + all.size() + " rows give no training or no test part with test " + test
                            + ", expected more rows");
        }
        List<String> attributes = new ArrayList<>(sensitive);
        if (!site.isEmpty() && !attributes.contains(site)) {
            attributes.add(site);
        }
        Partition partition = site.isEmpty() ? sites : sites.withBy(Partition.By.COLUMN, site);
        return new PublicTable.Parts(divided[0], divided[1], new Encoding(parts), label, List.of(positive), attributes)
                .sites(partition);
    }

    private void requireLabels(Frame all) {
        byte[] labels = Encoding.labels(all, label, List.of(positive));
        long ones =
                IntStream.range(0, labels.length).filter(i -> labels[i] == 1).count();
        if (ones == 0 || ones == labels.length) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    all.file() + ": " + (ones == 0 ? "no" : "every") + " row has \"" + Printable.text(positive)
                            + "\" in column \"" + Printable.text(label)
                            + "\", expected some that have and some that have not");
        }
    }

    List<String> inputs(Path file) {
        if (!features.isEmpty()) {
            return features;
        }
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".parquet")) {
            throw new LetheException(
                    LetheException.Code.STUDY, "data file: features is empty, expected names of columns of " + file);
        }
        String separator = name.endsWith(".csv") || name.endsWith(".csv.gz") ? "," : "\t";
        List<String> others = new ArrayList<>(Frame.header(file, separator));
        others.removeIf(column -> column.equals(label)
                || column.equals(site)
                || column.isEmpty()
                || !sensitiveInInput && sensitive.contains(column));
        if (others.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": expected columns beside the label and sensitive ones, found none");
        }
        return others;
    }

    static Encoding.Part part(Frame all, String column) {
        int c = all.column(column);
        int numbers = 0;
        int first = -1;
        for (int row = 0; row < all.size(); row++) {
            if (all.text(row, c).strip().matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
                numbers++;
            } else if (first < 0) {
                first = row;
            }
        }
        if (first < 0) {
            return new Encoding.Part.Scaled(column);
        }
        if (numbers > NEARLY * all.size()) {
            throw all.wrong(
                    first,
                    c,
                    "a number, as " + numbers + " of " + all.size()
                            + " rows have one; leave the column out of features, or fill it in");
        }
        return new Encoding.Part.Categories(column);
    }

    private Path file(DataFolders folders) {
        if (path.isBlank()) {
            throw new LetheException(
                    LetheException.Code.STUDY, "data file: path is \"\", expected the path of a table of people");
        }
        Path own = Path.of(path);
        Path file = Files.exists(own) ? own : folders.find(path).orElse(own);
        if (!Files.isRegularFile(file)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    path + ": there is no such file, here or in the data folders " + folders.folders());
        }
        return file;
    }
}
