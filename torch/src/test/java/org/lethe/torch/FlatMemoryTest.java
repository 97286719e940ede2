package org.lethe.torch;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.relu;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.numerics.Keyed;

/** What a training loop does, over and over: no step may leave native memory behind. */
class FlatMemoryTest {
    private static final int BATCH = 128;
    private static final int WIDTH = 64;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void aThousandStepsLeaveNoMemoryBehind() {
        flat(1_000);
    }

    @Tag("slow")
    @Test
    void tenThousandStepsLeaveNoMemoryBehind() {
        flat(10_000);
    }

    @Test
    void aThousandStepsOfTheLoopLeaveNoMemoryBehind() throws IOException, InterruptedException {
        flatLoop(1_000);
    }

    @Tag("slow")
    @Test
    void tenThousandStepsOfTheLoopLeaveNoMemoryBehind() throws IOException, InterruptedException {
        flatLoop(10_000);
    }

    /** In a process whose heap has all its memory from the start: Java's own growth would hide what native code keeps. */
    private void flatLoop(int steps) throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        List<String> heap = List.of("-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");
        assertEquals(
                0, Child.start(Loop.class, log, heap, Integer.toString(steps)).waitFor(), Files.readString(log));
        long grown = Files.readAllLines(log).stream()
                .filter(line -> line.startsWith("grown "))
                .mapToLong(line -> Long.parseLong(line.substring("grown ".length())))
                .findFirst()
                .orElseThrow();
        // a step makes some 0.3 MB of tensors: leaking one hidden layer, 32 kB, would show as 32 MB
        assertTrue(grown < 12L << 20, grown + " bytes after " + steps + " steps");
    }

    /** All that a step of the loop can do: two batches, dropout, clipping, AdamW, an average, and now and then a validation. */
    static final class Loop {
        private Loop() {}

        public static void main(String[] arguments) {
            try (var _ = new PointerScope()) {
                Parameters model = Mlp.parameters(WIDTH);
                Mlp.Task task = new Mlp.Task(model, BATCH, 0.1);
                int steps = Integer.parseInt(arguments[0]);
                // allocators settle, and the compiler, which takes some 15 MB during the first 2,000 steps and then
                // none
                full(Math.max(1000, steps * 2 / 5)).run(model, task, Env.seeded(1));
                long before = Pointer.physicalBytes();
                full(steps).run(model, task, Env.seeded(1));
                System.out.println("grown " + (Pointer.physicalBytes() - before));
            }
        }
    }

    private static Training full(int steps) {
        return Training.of(steps).withAccumulation(2).withAveraging(0.99).withChecks(50, 0);
    }

    private static void flat(int steps) {
        float[] rows = Initial.XAVIER_UNIFORM.of(Keyed.seed(1), BATCH, WIDTH);
        float[] weights = Initial.XAVIER_UNIFORM.of(Keyed.seed(2), WIDTH, WIDTH);
        float[] gradient = new float[WIDTH * WIDTH];
        run(300, rows, weights, gradient); // allocators settle
        long before = Pointer.physicalBytes();
        run(steps, rows, weights, gradient);
        long grown = Pointer.physicalBytes() - before;
        // one step makes some 0.3 MB of tensors: leaking a single one of them, 16 kB, would show as 16 MB
        assertTrue(grown < 12L << 20, grown + " bytes after " + steps + " steps");
    }

    private static void run(int steps, float[] rows, float[] weights, float[] gradient) {
        Device.CPU.ready();
        for (int s = 0; s < steps; s++) {
            try (var _ = new PointerScope()) {
                Tensor x = Tensors.of(rows, BATCH, WIDTH);
                Tensor w = Tensors.of(weights, WIDTH, WIDTH).requires_grad_(true);
                Tensor b = Tensors.of(new float[WIDTH], WIDTH).requires_grad_(true);
                Tensor h = relu(addmm(b, x, w.t())); // [batch, width]
                relu(addmm(b, h, w.t())).square().mean().backward();
                Tensors.read(w.grad(), gradient);
            }
        }
    }
}
