package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Path;
import java.util.List;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Named;

/**
 * Communities and crime: 1,994 communities of the United States and whether violent crime is high, by whether their share of
 * black inhabitants is (Redmond, UCI; CC BY 4.0).
 *
 * <p>The attribute {@code state} has a natural client for each state: {@code sites: {by: column, attribute: state}}. Clients are
 * places here, not people.
 *
 * @param sites how the records are divided over clients
 * @param test share of the records in the test part
 */
@Named("communities")
public record Communities(Partition sites, double test) implements PublicTable {
    public Communities {
        require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** 5 clients that differ by Black; 30 % of the records are for testing. */
    public Communities() {
        this(new Partition(5, Partition.By.ATTRIBUTE, "Black", 0.5, 10, 1), 0.3);
    }

    public Communities withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    @Override
    public List<String> folders() {
        return List.of("communities");
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders, "communities_crime.csv"));
    }

    @Override
    public Parts parts(DataFolders folders) {
        Frame all = Frame.headed(file(folders, "communities_crime.csv"), ",");
        Frame[] parts = PublicTable.divided(all, test, sites.seed());
        List<Encoding.Part> encoding = all.names().stream()
                .filter(column -> !NO_FEATURES.contains(column))
                .<Encoding.Part>map(Encoding.Part.Scaled::new)
                .toList();
        return new Parts(parts[0], parts[1], new Encoding(encoding), "class", List.of("1"), List.of("Black", "state"));
    }

    /** Names, the answer, and what it was made from. */
    private static final List<String> NO_FEATURES =
            List.of("state", "communityname", "fold", "ViolentCrimesPerPop", "Black", "class");
}
