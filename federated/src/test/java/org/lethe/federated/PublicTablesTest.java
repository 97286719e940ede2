package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataSource;

class PublicTablesTest {
    private static Sites load(DataSource<Sites> source) {
        return source.load(RealData.folders());
    }

    @Test
    void adultHas107FeaturesAndThePublishedCounts() {
        Sites adult = load(new Adult());
        assertEquals(107, adult.features().size());
        assertEquals(32_561, adult.train().size());
        assertEquals(16_281, adult.test().size(), "the first line of this copy is a record");
        assertEquals(7_841, ones(adult.train()));
        assertEquals(3_846, ones(adult.test()), "labels of the test file end with a dot");
        Records.Attribute sex = adult.train().attribute("sex");
        assertEquals(
                10_771,
                IntStream.of(sex.of())
                        .filter(s -> sex.labels().get(s).equals("Female"))
                        .count());
    }

    @Test
    void adultIsScaledByItsTrainingFileAlone() {
        Sites adult = load(new Adult());
        int age = adult.features().indexOf("age");
        float largest = 0;
        for (int e = 0; e < adult.train().values().length; e++) {
            if (adult.train().columns()[e] == age) {
                largest = Math.max(largest, adult.train().values()[e]);
            }
        }
        assertEquals(1, largest);
        assertTrue(adult.features().contains("native-country=Holand-Netherlands"), "only the training file has it");
        assertEquals(106, load(new Adult(new Adult().sites(), false)).features().size());
    }

    @Test
    void compasHas6172Records() {
        Sites compas = load(new Compas());
        assertEquals(6_172, compas.train().size() + compas.test().size());
        long black = 0;
        long recidivists = 0;
        for (Records part : new Records[] {compas.train(), compas.test()}) {
            Records.Attribute race = part.attribute("race");
            for (int i = 0; i < part.size(); i++) {
                if (race.labels().get(race.of()[i]).equals("African-American")) {
                    black++;
                    recidivists += part.labels()[i];
                }
            }
        }
        assertEquals(3_175, black);
        assertEquals(0.523, (double) recidivists / black, 5e-4);
        assertTrue(load(new Compas().withUseCompasScores(false)).features().stream()
                .noneMatch(f -> f.startsWith("decile") || f.startsWith("score_text")));
    }

    @Test
    void theOtherTablesHaveThePublishedCounts() {
        assertEquals(1_000, size(load(new German())));
        assertEquals(20_798, size(load(new LawSchool())));
        assertEquals(395, size(load(new Student())));
        assertEquals(649, size(load(new Student(new Student().sites(), 0.3, Student.Course.PORTUGUESE, false))));
        assertEquals(40_004, size(load(new Bank())));
        assertEquals(4_521, size(load(new Bank(new Bank().sites(), 0.3, Bank.Rows.SMALL, false))));
    }

    @Test
    void communitiesHaveAClientForEachState() {
        Communities byState = new Communities().withSites(new Partition().withBy(Partition.By.COLUMN, "state"));
        Sites sites = load(byState);
        assertEquals(1_994, size(sites));
        assertTrue(
                sites.clients().size() > 20 && sites.clients().size() <= 46,
                "" + sites.clients().size());
        sites.clients().forEach(c -> assertTrue(c.train().length >= 10));
    }

    private static int size(Sites sites) {
        return sites.train().size() + sites.test().size();
    }

    private static int ones(Records records) {
        int ones = 0;
        for (byte label : records.labels()) {
            ones += label;
        }
        return ones;
    }
}
