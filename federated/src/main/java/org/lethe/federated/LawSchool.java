package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Path;
import java.util.List;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Named;

/**
 * Law school admission (LSAC): 20,798 students and whether they pass the bar, with race and sex (no licence stated; for research
 * tests).
 *
 * @param sites how the records are divided over clients
 * @param test share of the records in the test part
 */
@Named("law-school")
public record LawSchool(Partition sites, double test) implements PublicTable {
    public LawSchool {
        require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** 5 clients that differ by race; 30 % of the records are for testing. */
    public LawSchool() {
        this(new Partition(5, Partition.By.ATTRIBUTE, "race", 0.5, 10, 1), 0.3);
    }

    public LawSchool withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    @Override
    public List<String> folders() {
        return List.of("law_school", "law-school");
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders, "law_school_clean.csv"));
    }

    @Override
    public Parts parts(DataFolders folders) {
        Frame all = Frame.headed(file(folders, "law_school_clean.csv"), ",")
                .with("sex", "male", male -> male.startsWith("1") ? "male" : "female");
        Frame[] parts = PublicTable.divided(all, test, sites.seed());
        return new Parts(
                parts[0],
                parts[1],
                new Encoding(
                        new Encoding.Part.Categories("fulltime"),
                        new Encoding.Part.Categories("tier"),
                        new Encoding.Part.Scaled("decile1b"),
                        new Encoding.Part.Scaled("decile3"),
                        new Encoding.Part.Scaled("lsat"),
                        new Encoding.Part.Scaled("ugpa"),
                        new Encoding.Part.Scaled("zfygpa"),
                        new Encoding.Part.Scaled("zgpa"),
                        new Encoding.Part.Scaled("fam_inc"),
                        new Encoding.Part.Flag("sex", "female"),
                        new Encoding.Part.Flag("race", "Non-White")),
                "pass_bar",
                List.of("1.0", "1"),
                List.of("race", "sex"));
    }
}
