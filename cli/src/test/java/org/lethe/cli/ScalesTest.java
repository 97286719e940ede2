package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The intervals that a report shows, in a study like the quick start with less data. */
class ScalesTest {
    private static final Pattern SHARE = Pattern.compile(
            "(?!.*difference)(ndcg|recall|hitRate|mrr|map|jaccard|gini|worst|.*-auc|.*-tpr@|forgotten-ndcg).*");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void noIntervalOfAReportLeavesItsScale() throws Exception {
        String study = Files.readString(Path.of("../studies/quickstart.yaml"))
                .replace("users: 600, items: 300", "users: 150, items: 80")
                .replaceAll("epochs: 30", "epochs: 6")
                .replaceAll("method:.*", "method:  [retrain, {sisa: {shards: 2}}, scif]");
        Path file = Files.writeString(folder.resolve("small.yaml"), study);
        String runs = folder.resolve("runs").toString();
        assertEquals(
                Lethe.DONE,
                Typed.lethe("run", file.toString(), "--runs", runs, "--quiet").code());
        int shares = 0;
        int ofTheMachine = 0;
        JsonNode report = new ObjectMapper()
                .readTree(folder.resolve("runs/quickstart/report.json").toFile());
        for (JsonNode interval : report.findParents("interval")) {
            double low = interval.path("interval").path("low").asDouble(Double.NaN);
            if (SHARE.matcher(interval.path("finding").asText()).matches()) {
                double high = interval.path("interval").path("high").asDouble(Double.NaN);
                assertTrue(low >= 0 && high <= 1, interval::toString);
                shares++;
            } else if (!interval.path("unit").asText().isEmpty()) {
                assertTrue(low >= 0, interval::toString);
                ofTheMachine++;
            }
        }
        assertTrue(shares > 50 && ofTheMachine > 10, shares + " shares, " + ofTheMachine + " times");
    }
}
