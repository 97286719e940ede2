package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.lethe.Env;

class AligningTest {
    @Test
    void probe() {
        long t0 = System.nanoTime();
        Planted planted = new Planted(1, 800, 0.3, 64);
        float[] weights = Planted.trained(planted.training, 20, 1);
        System.out.printf("trained %.1fs, candidates %d%n", (System.nanoTime() - t0) / 1e9, planted.candidates.size());
        Aligning[] methods = {new U2a(), U2a.paper(), new UnlearnNegatives(), new RandomNegatives(), new Dpo(), new Grpo(), new Ppo()};
        for (Aligning m : methods) {
            t0 = System.nanoTime();
            try (var _ = new PointerScope()) {
                Env env = Env.seeded(3);
                AlignmentRun run = Planted.run(planted.task(), weights, m.objective(), m.utilityFloor(), env);
                AlignmentCourse course = m.align(run);
                System.out.println(m);
                for (var s : course.selections()) {
                    long harmful = java.util.Arrays.stream(s.weights().members()).filter(i -> planted.harmful.get(i)).count();
                    System.out.println("  sel " + s.round() + " n " + s.weights().size() + " harmful " + harmful + " eff " + s.weights().effectiveSize()
                        + s.gradient().map(g -> " err " + g.error() + " exact " + g.exact() + " J " + g.objective()).orElse(""));
                }
                for (var p : course.points()) {
                    System.out.printf(Locale.ROOT, "  %d %d J %.4f held %.4f util %.4f reward %.4f%n", p.round(), p.step(), p.objective(), p.heldOut(), p.utility(), p.reward().orElse(-9));
                }
                System.out.println("  chosen " + course.chosen() + " " + course.ending() + " " + env.ledger().cost());
            }
            System.out.printf("%.1fs%n", (System.nanoTime() - t0) / 1e9);
        }
        assertTrue(true);
    }
}
