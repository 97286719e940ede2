package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;

class SiteFileTest {
    @TempDir
    private Path folder;

    private Path table(String... lines) throws IOException {
        return Files.write(folder.resolve("people.csv"), List.of(lines));
    }

    private SiteFile file(Path path) {
        return new SiteFile()
                .withPath(path.toString())
                .withSensitive(List.of("sex"))
                .withSites(new Partition(1, Partition.By.NOTHING, "", 1, 1, 1));
    }

    private static Sites load(SiteFile file) {
        return file.load(new DataFolders(List.of()));
    }

    private Path people(int n) throws IOException {
        String[] lines = new String[n + 1];
        lines[0] = "age,job,sex,clinic,label";
        for (int i = 0; i < n; i++) {
            lines[i + 1] = 20 + i + "," + (i % 3 == 0 ? "nurse" : "clerk") + "," + (i % 2 == 0 ? "f" : "m") + ","
                    + (i % 4 == 0 ? "north" : "south") + "," + (i % 5 == 0 ? 1 : 0);
        }
        return table(lines);
    }

    @Test
    void columnsBecomeFeaturesAndSensitiveOnesDoNot() throws IOException {
        Sites sites = load(file(people(40)));
        assertEquals(List.of("age", "job=clerk", "job=nurse", "clinic=north", "clinic=south"), sites.features());
        assertEquals(40, sites.train().size() + sites.test().size());
        assertEquals(12, sites.test().size());
    }

    @Test
    void aColumnSaysWhichClientHoldsARow() throws IOException {
        Sites sites = load(file(people(40)).withSite("clinic"));
        assertEquals(
                List.of("north", "south"),
                sites.clients().stream().map(Sites.Client::name).toList());
        assertTrue(sites.features().stream().noneMatch(f -> f.startsWith("clinic")));
    }

    @Test
    void aMissingLabelIsNamedWithItsLine() throws IOException {
        Path path = table("age,sex,label", "20,f,1", "30,m,", "40,f,0");
        assertRefused(file(path), path + ":3: label is \"\", expected a label");
    }

    @Test
    void aMissingNumberIsNamedWithItsLine() throws IOException {
        Path path = table("age,sex,label", "20,f,1", "unknown,m,0", "40,f,0", "41,f,0");
        assertRefused(file(path), path + ":3: age is \"unknown\", expected a number");
    }

    @Test
    void labelsThatAllAgreeAreRefused() throws IOException {
        assertRefused(file(people(20)).withLabel("label", "yes"), "no row has \"yes\" in column \"label\"");
    }

    @Test
    void anUnknownColumnIsNamed() throws IOException {
        assertRefused(file(people(20)).withSensitive(List.of("gender")), "has no column \"gender\"");
        assertRefused(file(people(20)).withLabel("outcome", "1"), "has no column \"outcome\"");
    }

    @Test
    void moreClientsThanRowsAreRefused() throws IOException {
        assertRefused(file(people(20)).withSites(new Partition(50, Partition.By.NOTHING, "", 1, 1, 1)), "50 clients");
    }

    @Test
    void aGroupThatIsNowhereIsRefusedByTheRequest() throws IOException {
        Path path = table("age,sex,label", "20,f,1", "30,f,0", "40,f,0", "50,f,1");
        Sites sites = load(file(path));
        LetheException refused =
                assertThrows(LetheException.class, () -> Grouping.of(sites.train(), List.of("sex"), 1));
        assertTrue(refused.getMessage().contains("only f"), refused.getMessage());
    }

    @Test
    void aPersonWhoseSexIsNotKnownIsInNoGroup() throws IOException {
        String[] lines = new String[31];
        lines[0] = "age,sex,label";
        for (int i = 0; i < 30; i++) {
            lines[i + 1] = 20 + i + "," + List.of("f", "m", "").get(i % 3) + "," + i % 2;
        }
        Sites sites = load(file(table(lines)));
        assertEquals(
                List.of("f", "m"), Grouping.of(sites.train(), List.of("sex"), 1).names());
    }

    @Test
    void aRowWithAFieldTooFewIsRefused() throws IOException {
        assertRefused(file(table("age,sex,label", "20,f,1", "30,m", "40,f,0")), ":3: expected 3 fields");
    }

    private static void assertRefused(SiteFile file, String message) {
        LetheException refused = assertThrows(LetheException.class, () -> load(file));
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }
}
