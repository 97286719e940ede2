package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.laws.Fuzz;

/** Tables of people against changed files. */
@Timeout(3600)
class SitesFuzzTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private static byte[] people(String separator) {
        StringBuilder rows = new StringBuilder("age,job,sex,clinic,label\n");
        for (int i = 0; i < 12; i++) {
            rows.append(20 + i + "," + (i % 3 == 0 ? "\"nurse, n\"" : "clerk") + "," + (i % 2 == 0 ? "f" : "é") + ",")
                    .append((i % 4 == 0 ? "north" : "south") + "," + (i % 5 == 0 ? 1 : 0) + "\n");
        }
        return rows.toString().replace(", n", " n").replace(",", separator).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void tablesOfPeople() throws IOException {
        SiteFile file = new SiteFile().withSensitive(List.of("sex"));
        SiteFile divided = file.withSites(new Partition(1, Partition.By.NOTHING, "", 1, 1, 1));
        SiteFile told = file.withSite("clinic").withSites(new Partition(2, Partition.By.NOTHING, "", 1, 1, 1));
        fuzz("federated .csv", "p.csv", List.of(people(",")), divided);
        fuzz("federated .tsv", "p.tsv", List.of(people("\t")), told);
    }

    private void fuzz(String name, String file, List<byte[]> seeds, SiteFile settings) throws IOException {
        DataFolders none = new DataFolders(List.of());
        Fuzz.Outcome outcome = new Fuzz(
                        name,
                        folder.resolve(file),
                        seeds,
                        f -> settings.withPath(f.toString()).load(none))
                .run(1000);
        assertTrue(outcome.refused() > 0, outcome + ": changes that no reader minds test nothing");
    }
}
