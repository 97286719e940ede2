package org.lethe.federated;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.tables.DataFiles;

/** A table of a public data set; the sets differ in their files and in what is done with the columns. */
sealed interface PublicTable extends DataSource<Sites>
        permits Adult, Bank, Communities, Compas, German, LawSchool, Student {
    /** How the table is divided over clients. */
    Partition sites();

    /** The parts of the table, and what its columns mean. */
    Parts parts(DataFolders folders);

    /** The folder of the set, by its names. */
    List<String> folders();

    @Override
    default Sites load(DataFolders folders) {
        return parts(folders).sites(sites());
    }

    /** The folder of the set. */
    default Path folder(DataFolders folders) {
        String remedy = "get it from its publisher and put it there";
        for (String name : folders()) {
            if (folders.find("tabular/" + name, name).isPresent()) {
                return DataFiles.folder(folders, "tabular", name, remedy);
            }
        }
        return DataFiles.folder(folders, "tabular", Named.Of.name(this), remedy);
    }

    /** A file of the set. */
    default Path file(DataFolders folders, String name) {
        return DataFiles.needed(folder(folders), "get it from its publisher and put it there", name);
    }

    /**
     * A table in two parts, and the meaning of its columns.
     *
     * @param train rows to learn from
     * @param test rows to test on
     * @param encoding how columns become features
     * @param label column of the label
     * @param positive texts that mean label 1
     * @param attributes columns that are attributes of people
     */
    record Parts(
            Frame train, Frame test, Encoding encoding, String label, List<String> positive, List<String> attributes) {
        Sites sites(Partition partition) {
            Encoding.Fitted fitted = encoding.fit(train);
            Frame all = train.and(test);
            Records learned = records(fitted, train, all);
            Records tested = records(fitted, test, all);
            return new Sites(fitted.names(), learned, tested, partition.of(learned, tested));
        }

        private Records records(Encoding.Fitted fitted, Frame frame, Frame all) {
            List<Records.Attribute> known = new ArrayList<>();
            for (String attribute : attributes) {
                known.add(Encoding.attribute(frame, attribute, all));
            }
            return fitted.records(frame, Encoding.labels(frame, label, positive), known);
        }
    }

    /** A table in two parts at random; the share is that of the test part. */
    static Frame[] divided(Frame all, double test, long seed) {
        Keyed draws = Keyed.seed(seed).of("test part");
        int[] order = new int[all.size()];
        Arrays.setAll(order, i -> i);
        for (int i = order.length - 1; i > 0; i--) {
            int other = Keyed.below(draws.at(i), i + 1);
            int swapped = order[i];
            order[i] = order[other];
            order[other] = swapped;
        }
        int cut = (int) Math.rint(test * order.length);
        int[] tested = Arrays.copyOf(order, cut);
        int[] learned = Arrays.copyOfRange(order, cut, order.length);
        Arrays.sort(tested);
        Arrays.sort(learned);
        return new Frame[] {all.only(learned), all.only(tested)};
    }
}
