package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Named;

/**
 * COMPAS two-year recidivism: 6,172 defendants that ProPublica's usual filter leaves, with race, sex and age (public court
 * records, ProPublica; no licence stated).
 *
 * <p>The attribute {@code race} is African-American or rest, {@code ethnicity} has all labels. Age, the decile score and the
 * number of priors are cut at percentiles, the last two as thermometers.
 *
 * @param sites how the records are divided over clients
 * @param test share of the records in the test part
 * @param useCompasScores whether COMPAS's own decile and text of risk are features, as in the code of WassFFed
 * @param raceInInput whether race is a feature
 */
@Named("compas")
public record Compas(Partition sites, double test, boolean useCompasScores, boolean raceInInput)
        implements PublicTable {
    public Compas {
        require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** 5 clients that differ by race; 30 % of the records are for testing. */
    public Compas() {
        this(new Partition(5, Partition.By.ATTRIBUTE, "race", 0.5, 10, 1), 0.3, true, true);
    }

    public Compas withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    public Compas withUseCompasScores(boolean useCompasScores) {
        return Components.with(this, "useCompasScores", useCompasScores);
    }

    @Override
    public List<String> folders() {
        return List.of("compas");
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders, "compas_two_years_min.csv"));
    }

    @Override
    public Parts parts(DataFolders folders) {
        Frame all = filtered(Frame.headed(file(folders, "compas_two_years_min.csv"), ","))
                .with("ethnicity", "race", race -> race);
        int race = all.column("race");
        for (String[] row : all.rows()) {
            row[race] = row[race].equals("African-American") ? row[race] : "rest";
        }
        Frame[] parts = PublicTable.divided(all, test, sites.seed());
        List<Encoding.Part> encoding = new ArrayList<>(List.of(
                new Encoding.Part.Flag("sex", "Female"),
                new Encoding.Part.Bins("age", 20, 40, 60, 80),
                new Encoding.Part.Categories("age_cat"),
                new Encoding.Part.Scaled("juv_fel_count"),
                new Encoding.Part.Scaled("juv_misd_count"),
                new Encoding.Part.Scaled("juv_other_count"),
                new Encoding.Part.Thermometer("priors_count", 0, 50, 70, 80, 90),
                new Encoding.Part.Flag("c_charge_degree", "F")));
        if (useCompasScores) {
            encoding.add(new Encoding.Part.Thermometer("decile_score", 20, 40, 60, 80, 90));
            encoding.add(new Encoding.Part.Categories("score_text"));
        }
        if (raceInInput) {
            encoding.add(new Encoding.Part.Flag("race", "African-American"));
        }
        return new Parts(
                parts[0],
                parts[1],
                new Encoding(encoding),
                "two_year_recid",
                List.of("1"),
                List.of("race", "sex", "age_cat", "ethnicity"));
    }

    /** The filter of ProPublica's analysis. */
    private static Frame filtered(Frame all) {
        int days = all.column("days_b_screening_arrest");
        int recid = all.column("is_recid");
        int degree = all.column("c_charge_degree");
        int score = all.column("score_text");
        return all.only(IntStream.range(0, all.size())
                .filter(row -> !all.text(row, days).isBlank() && Math.abs(all.number(row, days)) <= 30)
                .filter(row -> all.number(row, recid) != -1)
                .filter(row -> !all.text(row, degree).equals("O"))
                .filter(row -> !all.text(row, score).equals("N/A"))
                .toArray());
    }
}
