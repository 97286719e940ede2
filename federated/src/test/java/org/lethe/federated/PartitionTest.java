package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

class PartitionTest {
    private static final Sites DATA = new PlantedSites(1, 3_000, 2, 1, 0.5, 1).load(new DataFolders(List.of()));

    private static List<Sites.Client> split(Partition partition) {
        return partition.of(DATA.train(), DATA.test());
    }

    @Test
    void everyRecordIsAtOneClient() {
        for (Partition.By by :
                List.of(Partition.By.ATTRIBUTE, Partition.By.LABEL, Partition.By.BOTH, Partition.By.NOTHING)) {
            List<Sites.Client> clients = split(new Partition(7, by, "", 0.5, 10, 3));
            int[] all = clients.stream()
                    .flatMapToInt(c -> Arrays.stream(c.train()))
                    .sorted()
                    .toArray();
            assertEquals(DATA.train().size(), all.length);
            assertEquals(DATA.train().size(), Arrays.stream(all).distinct().count());
            assertEquals(
                    DATA.test().size(),
                    clients.stream().mapToInt(c -> c.test().length).sum());
            clients.forEach(c -> assertTrue(c.train().length >= 10));
        }
    }

    @Test
    void aSmallAlphaMakesClientsDifferAndALargeOneAlike() {
        double few = spread(new Partition(5, Partition.By.ATTRIBUTE, "group", 0.2, 10, 1));
        double many = spread(new Partition(5, Partition.By.ATTRIBUTE, "group", 1000, 10, 1));
        assertTrue(few > 0.3, "spread " + few);
        assertTrue(many < 0.06, "spread " + many);
    }

    /** Largest minus smallest share of the first group among clients. */
    private static double spread(Partition partition) {
        int[] groups = DATA.train().attribute("group").of();
        double[] shares = split(partition).stream()
                .mapToDouble(c ->
                        Arrays.stream(c.train()).filter(i -> groups[i] == 0).count() / (double) c.train().length)
                .sorted()
                .toArray();
        return shares[shares.length - 1] - shares[0];
    }

    @Test
    void testRecordsFollowTheSharesOfTrainingRecords() {
        int[] groups = DATA.train().attribute("group").of();
        int[] tested = DATA.test().attribute("group").of();
        for (Sites.Client client : split(new Partition(4, Partition.By.ATTRIBUTE, "group", 0.5, 10, 2))) {
            double train =
                    Arrays.stream(client.train()).filter(i -> groups[i] == 0).count();
            double test =
                    Arrays.stream(client.test()).filter(i -> tested[i] == 0).count();
            double all = Arrays.stream(groups).filter(g -> g == 0).count();
            double allTested = Arrays.stream(tested).filter(g -> g == 0).count();
            assertEquals(train / all, test / allTested, 2 / allTested, client.name());
        }
    }

    @Test
    void theSameSeedGivesTheSameSplitAndAnotherSeedAnother() {
        Partition partition = new Partition(5, Partition.By.BOTH, "group", 0.5, 10, 1);
        int[] once = split(partition).getFirst().train();
        assertTrue(Arrays.equals(once, split(partition).getFirst().train()));
        assertTrue(!Arrays.equals(once, split(partition.withSeed(2)).getFirst().train()));
    }

    @Test
    void oneClientHoldsEverything() {
        assertEquals(
                DATA.train().size(),
                split(new Partition().withClients(1)).getFirst().train().length);
    }

    @Test
    void moreClientsThanRecordsAreRefusedAtOnce() {
        LetheException refused = assertThrows(LetheException.class, () -> split(new Partition().withClients(400)));
        assertTrue(
                refused.getMessage().contains("400 clients with at least 10 records each need 4000"),
                refused.getMessage());
    }

    @Test
    void aSplitThatNeverComesOutIsGivenUpWithAReason() {
        LetheException refused = assertThrows(
                LetheException.class, () -> split(new Partition(60, Partition.By.ATTRIBUTE, "group", 0.05, 10, 1)));
        assertTrue(refused.getMessage().contains("none of 1000 splits"), refused.getMessage());
    }

    @Test
    void gammaVariatesHaveTheirMeanAndVariance() {
        for (double alpha : new double[] {0.1, 0.5, 1, 5}) {
            int n = 20_000;
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < n; i++) {
                double x = Partition.gamma(Keyed.seed(1).of(i), alpha);
                sum += x;
                squares += x * x;
            }
            double mean = sum / n;
            assertEquals(alpha, mean, 5 * Math.sqrt(alpha / n));
            assertEquals(alpha, squares / n - mean * mean, 0.12 * alpha + 0.02);
        }
    }
}
