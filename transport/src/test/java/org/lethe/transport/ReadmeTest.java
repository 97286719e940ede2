package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class ReadmeTest {
    @Test
    void exampleDoesWhatTheTextSays() {
        TransportProblem problem = new TransportProblem(
                new double[] {.5, .3, .2}, new double[] {.2, .3, .5}, new double[] {0, 1, 4, 1, 0, 1, 4, 1, 0});
        TransportResult exact = problem.exact();
        TransportResult smooth = problem.solve(new Sinkhorn(0.1));
        double[] slope = Envelope.sources(smooth);

        double distance = Line.of(0, 1, 3).distance(Line.of(5, 6, 8), 1);

        Cloud here = Cloud.of(new double[] {0, 0, 1, 0, 0, 1}, 2);
        Cloud there = Cloud.of(new double[] {4, 4, 5, 4, 4, 5}, 2);
        double apart = Divergence.of(here, there, new Sinkhorn(4), Loop.HERE).value();

        FreeSupport.Barycenter middle = FreeSupport.exact(3).barycenter(List.of(here, there), Keyed.seed(1), Loop.HERE);
        double[] moved = middle.targets()[0];

        assertEquals(.6, exact.cost(), 1e-12);
        assertEquals(0, exact.gap(), 1e-12);
        assertEquals(.669, smooth.objective(), 5e-4);
        assertEquals(0, Support.sum(slope), 1e-12);
        assertEquals(5, distance, 1e-12);
        assertEquals(32, apart, 1e-6);
        assertArrayEquals(moved, middle.targets()[1], 1e-12);
    }

    @Test
    void exampleOfTheReadmeIsTheOneAbove() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        String example = readme.substring(readme.indexOf("```java\n") + 8, readme.indexOf("```\n\nHere"));
        String source = Files.readString(Path.of("src/test/java/org/lethe/transport/ReadmeTest.java"));
        int at = 0;
        for (String line : example.lines().map(String::strip).toList()) {
            int found = source.indexOf(line, at);
            assertTrue(found >= at, line);
            at = found + line.length();
        }
    }
}
