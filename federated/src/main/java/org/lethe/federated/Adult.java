package org.lethe.federated;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Named;

/**
 * Adult census income: 32,561 + 16,281 people, whether they earn more than 50,000 dollars, with sex and race (Becker and
 * Kohavi, UCI; CC BY 4.0).
 *
 * <p>Seven columns are one-hot encoded, "?" being a category like any other; six numbers are scaled by the training file; sex is
 * one feature: 107 in all, as in the code of WassFFed, which scales the test file by its own range.
 *
 * @param sites how the records are divided over clients
 * @param sexInInput whether sex is a feature
 */
@Named("adult")
public record Adult(Partition sites, boolean sexInInput) implements PublicTable {
    private static final String[] COLUMNS = {
        "age",
        "workclass",
        "fnlwgt",
        "education",
        "education-num",
        "marital-status",
        "occupation",
        "relationship",
        "race",
        "sex",
        "capital-gain",
        "capital-loss",
        "hours-per-week",
        "native-country",
        "income"
    };

    /** 5 clients that differ by sex. */
    public Adult() {
        this(new Partition(5, Partition.By.ATTRIBUTE, "sex", 0.5, 10, 1), true);
    }

    public Adult withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    @Override
    public List<String> folders() {
        return List.of("adult");
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders, "adult.data"), file(folders, "adult.test"));
    }

    @Override
    public Parts parts(DataFolders folders) {
        List<Encoding.Part> parts = new ArrayList<>();
        for (String column : List.of(
                "workclass", "education", "marital-status", "occupation", "relationship", "race", "native-country")) {
            parts.add(new Encoding.Part.Categories(column));
        }
        for (String column :
                List.of("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")) {
            parts.add(new Encoding.Part.Scaled(column));
        }
        if (sexInInput) {
            parts.add(new Encoding.Part.Flag("sex", "Female"));
        }
        Frame test = Frame.bare(file(folders, "adult.test"), ",", COLUMNS);
        return new Parts(
                Frame.bare(file(folders, "adult.data"), ",", COLUMNS),
                test,
                new Encoding(parts),
                "income",
                List.of(">50K", ">50K."),
                List.of("sex", "race"));
    }
}
