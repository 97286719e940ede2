package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Named;

/**
 * Bank marketing: 4,521 or 40,004 clients of a bank and whether they take a deposit, with marital status and age (Moro, Rita and
 * Cortez, UCI; CC BY 4.0).
 *
 * <p>The attribute {@code age-group} is middle, from 25 to 60 years, or other.
 *
 * @param sites how the records are divided over clients
 * @param test share of the records in the test part
 * @param rows which file: small, 4,521 rows, or full, 40,004 rows
 * @param duration whether the length of the last call is a feature; it is known only once the outcome is
 */
@Named("bank")
public record Bank(Partition sites, double test, Rows rows, boolean duration) implements PublicTable {
    public Bank {
        require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** 5 clients that differ by marital; 30 % of the records are for testing. */
    public Bank() {
        this(new Partition(5, Partition.By.ATTRIBUTE, "marital", 0.5, 10, 1), 0.3, Rows.FULL, false);
    }

    public Bank withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    @Override
    public List<String> folders() {
        return List.of("bank");
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders, rows.file));
    }

    @Override
    public Parts parts(DataFolders folders) {
        Frame all = Frame.headed(file(folders, rows.file), rows.separator)
                .with("age-group", "age", age -> age.matches("2[5-9]|[345]\\d|60") ? "middle" : "other");
        Frame[] parts = PublicTable.divided(all, test, sites.seed());
        List<Encoding.Part> encoding = new ArrayList<>();
        for (String column :
                List.of("job", "marital", "education", "default", "housing", "loan", "contact", "month", "poutcome")) {
            encoding.add(new Encoding.Part.Categories(column));
        }
        for (String column : List.of("age", "balance", "day", "campaign", "pdays", "previous")) {
            encoding.add(new Encoding.Part.Scaled(column));
        }
        if (duration) {
            encoding.add(new Encoding.Part.Scaled("duration"));
        }
        return new Parts(
                parts[0], parts[1], new Encoding(encoding), "y", List.of("yes"), List.of("marital", "age-group"));
    }

    /** The two files. */
    public enum Rows {
        /** Every tenth row of the original, separated by semicolons. */
        SMALL("bank.csv", ";"),
        /** Cleaned by a survey of fairness data sets. */
        FULL("bank-full.csv", ",");

        private final String file;
        private final String separator;

        Rows(String file, String separator) {
            this.file = file;
            this.separator = separator;
        }
    }
}
