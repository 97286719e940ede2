package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Path;
import java.util.List;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Named;

/**
 * German credit (Statlog): 1,000 applicants and whether they pay back, with sex and age (Hofmann, UCI; CC BY 4.0).
 *
 * <p>The attribute {@code age-group} is young, up to 25 years, or older.
 *
 * @param sites how the records are divided over clients
 * @param test share of the records in the test part
 */
@Named("german")
public record German(Partition sites, double test) implements PublicTable {
    public German {
        require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** 5 clients that differ by sex; 30 % of the records are for testing. */
    public German() {
        this(new Partition(5, Partition.By.ATTRIBUTE, "sex", 0.5, 10, 1), 0.3);
    }

    public German withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    @Override
    public List<String> folders() {
        return List.of("german");
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders, "german_data_credit.csv"));
    }

    @Override
    public Parts parts(DataFolders folders) {
        Frame all = Frame.headed(file(folders, "german_data_credit.csv"), ",")
                .with(
                        "age-group",
                        "age",
                        age -> age.matches("\\d+") && Integer.parseInt(age) <= 25 ? "young" : "older");
        Frame[] parts = PublicTable.divided(all, test, sites.seed());
        return new Parts(
                parts[0],
                parts[1],
                new Encoding(
                        new Encoding.Part.Categories("checking-account"),
                        new Encoding.Part.Categories("credit-history"),
                        new Encoding.Part.Categories("purpose"),
                        new Encoding.Part.Categories("savings-account"),
                        new Encoding.Part.Categories("employment-since"),
                        new Encoding.Part.Categories("other-debtors"),
                        new Encoding.Part.Categories("property"),
                        new Encoding.Part.Categories("other-installment"),
                        new Encoding.Part.Categories("housing"),
                        new Encoding.Part.Categories("job"),
                        new Encoding.Part.Categories("telephone"),
                        new Encoding.Part.Categories("foreign-worker"),
                        new Encoding.Part.Categories("marital-status"),
                        new Encoding.Part.Scaled("duration"),
                        new Encoding.Part.Scaled("credit-amount"),
                        new Encoding.Part.Scaled("installment-rate"),
                        new Encoding.Part.Scaled("residence-since"),
                        new Encoding.Part.Scaled("age"),
                        new Encoding.Part.Scaled("existing-credits"),
                        new Encoding.Part.Scaled("numner-people-provide-maintenance-for"),
                        new Encoding.Part.Flag("sex", "female")),
                "class-label",
                List.of("1"),
                List.of("sex", "age-group"));
    }
}
