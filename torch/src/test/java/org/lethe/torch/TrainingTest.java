package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;

class TrainingTest {
    /** All that a training can have: accumulation, clipping, warm-up, a moving average, validations, checkpoints. */
    private static final Training FULL = Training.of(20)
            .with(new UpdateRule.AdamW(1e-2, 0.01), new Schedule.Cosine(3, 0.1))
            .withAccumulation(2)
            .withClip(0.5)
            .withAveraging(0.9)
            .withChecks(4, 5)
            .withSaveEvery(10);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** Fails at a step, as a machine does. */
    private record Failing(Training.Objective<Mlp.Batch> inner, long at) implements Training.Objective<Mlp.Batch> {
        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public Mlp.Batch batch(long step, int part, Keyed key) {
            if (step == at) {
                throw new IllegalStateException("the power is gone");
            }
            return inner.batch(step, part, key);
        }

        @Override
        public Tensor loss(Mlp.Batch batch, Keyed key) {
            return inner.loss(batch, key);
        }

        @Override
        public double validate() {
            return inner.validate();
        }
    }

    private static float[] whole(Training training) {
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(16);
            training.run(p, new Mlp.Task(p, 16, 0.1), Env.seeded(5));
            return Mlp.values(p);
        }
    }

    /** Trains until it fails at a step, and then to the end from what is on the disk. */
    private float[] interrupted(Training training, long at) {
        Path file = folder.resolve("training.safetensors");
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(16);
            assertThrows(
                    IllegalStateException.class,
                    () -> training.run(p, new Failing(new Mlp.Task(p, 16, 0.1), at), Env.seeded(5), file));
        }
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(16);
            p.distinct().values().forEach(t -> t.detach().zero_()); // all of it comes from the checkpoint
            Training.Outcome outcome = training.run(p, new Mlp.Task(p, 16, 0.1), Env.seeded(5), file);
            assertEquals(20, outcome.steps());
            return Mlp.values(p);
        }
    }

    @Test
    void resumedTrainingEqualsUninterruptedTraining() {
        for (Training training : List.of(
                FULL,
                FULL.withChecks(0, 0),
                FULL.withChecks(0, 0).withAveraging(0),
                FULL.with(new UpdateRule.Sgd(0.05, 0.9, 0.01, true), new Schedule.Constant(0)))) {
            float[] straight = whole(training);
            assertArrayEquals(straight, whole(training), "the same seed");
            assertArrayEquals(straight, interrupted(training, 13), training.toString());
            // finished: the checkpoint at the end is the model
            try (var _ = new PointerScope()) {
                Parameters p = Mlp.parameters(16);
                Training.Outcome outcome = training.run(
                        p,
                        new Failing(new Mlp.Task(p, 16, 0.1), 0),
                        Env.seeded(5),
                        folder.resolve("training.safetensors"));
                assertEquals(20, outcome.steps());
                assertArrayEquals(straight, Mlp.values(p), "read back");
                Files.delete(folder.resolve("training.safetensors"));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    @Test
    void trainsWhereItsCallerComputesWithoutGradients() {
        float[] usual = whole(FULL);
        try (var _ = new org.bytedeco.pytorch.NoGradGuard()) {
            assertArrayEquals(usual, whole(FULL));
        }
    }

    @Test
    void aCheckpointOfAnotherTrainingIsRefused() {
        Path file = folder.resolve("training.safetensors");
        Training training = FULL.withChecks(0, 0);
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(16);
            training.run(p, new Mlp.Task(p, 16, 0), Env.seeded(5), file);
            LetheException seed = assertThrows(
                    LetheException.class, () -> training.run(p, new Mlp.Task(p, 16, 0), Env.seeded(6), file));
            assertTrue(seed.getMessage().startsWith(file + ": seed is 5, expected 6"), seed.getMessage());
            LetheException settings = assertThrows(
                    LetheException.class,
                    () -> training.withClip(2).run(p, new Mlp.Task(p, 16, 0), Env.seeded(5), file));
            assertTrue(settings.getMessage().contains("settings is Training[steps=20"), settings.getMessage());
            Parameters wider = Mlp.parameters(17);
            LetheException shape = assertThrows(
                    LetheException.class, () -> training.run(wider, new Mlp.Task(wider, 16, 0), Env.seeded(5), file));
            assertTrue(
                    shape.getMessage().contains("has shape [16, 8], expected [17, 8]")
                            || shape.getMessage().contains("has shape [16], expected [17]"),
                    shape.getMessage());
        }
    }

    @Test
    void accumulatedBatchesAreOneLargeBatch() {
        try (var _ = new PointerScope()) {
            Parameters large = Mlp.parameters(16);
            Parameters parts = Mlp.parameters(16);
            Training training = Training.of(30).with(new UpdateRule.AdamW(1e-2, 0.01), new Schedule.Constant(0));
            // 24 rows at once, or as 6, 12 and 6: each batch counts by its rows
            training.run(large, rows(large, 0, 24), Env.seeded(1));
            training.withAccumulation(3)
                    .run(
                            parts,
                            new Training.Objective<Mlp.Batch>() {
                                @Override
                                public String name() {
                                    return "rows";
                                }

                                @Override
                                public Mlp.Batch batch(long step, int part, Keyed key) {
                                    int from = part == 0 ? 0 : part == 1 ? 6 : 18;
                                    return cut(Mlp.batch(24, Keyed.seed(step)), from, part == 1 ? 12 : 6);
                                }

                                @Override
                                public double weight(Mlp.Batch batch) {
                                    return batch.x().size(0);
                                }

                                @Override
                                public Tensor loss(Mlp.Batch batch, Keyed key) {
                                    return new Mlp.Task(parts, 0, 0).loss(batch, key);
                                }
                            },
                            Env.seeded(1));
            // sums in another order, over 30 steps of at most 0.01
            assertArrayEquals(Mlp.values(large), Mlp.values(parts), 2e-4f);
        }
    }

    private static Mlp.Batch cut(Mlp.Batch batch, int from, int rows) {
        return new Mlp.Batch(batch.x().narrow(0, from, rows), batch.y().narrow(0, from, rows));
    }

    private static Training.Objective<Mlp.Batch> rows(Parameters model, int from, int count) {
        return new Training.Objective<>() {
            @Override
            public String name() {
                return "rows";
            }

            @Override
            public Mlp.Batch batch(long step, int part, Keyed key) {
                return cut(Mlp.batch(24, Keyed.seed(step)), from, count);
            }

            @Override
            public Tensor loss(Mlp.Batch batch, Keyed key) {
                return new Mlp.Task(model, 0, 0).loss(batch, key);
            }
        };
    }

    @Test
    void aNetworkLearnsAndProgressTellsOfIt() {
        List<String> seen = new ArrayList<>();
        long[] advanced = new long[1];
        Progress watched = (what, total) -> {
            seen.add(what + " " + total);
            return new Progress.Step() {
                @Override
                public void advance(long amount) {
                    advanced[0] += amount;
                }

                @Override
                public void note(String message) {
                    seen.add(message);
                }

                @Override
                public void close() {
                    seen.add("closed");
                }
            };
        };
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(32);
            Mlp.Task task = new Mlp.Task(p, 64, 0);
            double before = task.validate();
            Training training = Training.of(600).with(new UpdateRule.AdamW(1e-2, 0.0), new Schedule.Cosine(20, 0));
            training.run(p, task, Env.seeded(2).with(watched));
            double after = task.validate();
            assertTrue(after < before / 5, before + " fell to " + after);
        }
        assertEquals("mlp 600", seen.getFirst());
        assertEquals("closed", seen.getLast());
        assertEquals(600, advanced[0]);
        assertTrue(seen.stream().skip(1).limit(1).allMatch(s -> s.matches("loss .* steps/s|closed")), seen.toString());
    }

    @Test
    void trainingStopsWithoutImprovementAndGivesTheBestModel() {
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(8);
            double[] losses = {3, 2, 1, 5, 1, 4, 0.5};
            List<float[]> models = new ArrayList<>();
            Training.Objective<Mlp.Batch> scripted = new Training.Objective<>() {
                @Override
                public String name() {
                    return "scripted";
                }

                @Override
                public Mlp.Batch batch(long step, int part, Keyed key) {
                    return Mlp.batch(8, key);
                }

                @Override
                public Tensor loss(Mlp.Batch batch, Keyed key) {
                    return new Mlp.Task(p, 0, 0).loss(batch, key);
                }

                @Override
                public double validate() {
                    models.add(Mlp.values(p));
                    return losses[models.size() - 1];
                }
            };
            Training.Outcome outcome = Training.of(100).withChecks(5, 3).run(p, scripted, Env.seeded(1));
            assertEquals(6, models.size(), "the third check without improvement ends it");
            assertEquals(30, outcome.steps());
            assertEquals(1, outcome.best().orElseThrow());
            assertEquals(15, outcome.bestStep());
            assertTrue(outcome.stoppedEarly());
            assertArrayEquals(models.get(2), Mlp.values(p));
            assertFalse(Arrays.equals(models.get(5), Mlp.values(p)));
        }
    }

    @Test
    void aLossThatIsNotFiniteEndsTrainingAtItsStep() {
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(8);
            float[][] before = new float[1][];
            Training.Objective<Mlp.Batch> broken = new Training.Objective<>() {
                @Override
                public String name() {
                    return "broken";
                }

                @Override
                public Mlp.Batch batch(long step, int part, Keyed key) {
                    if (step == 7) {
                        before[0] = Mlp.values(p);
                        p.tensor("last.bias").detach().fill_(new Scalar(Double.NaN));
                    }
                    return Mlp.batch(8, key);
                }

                @Override
                public Tensor loss(Mlp.Batch batch, Keyed key) {
                    return new Mlp.Task(p, 0, 0).loss(batch, key);
                }
            };
            LetheException e =
                    assertThrows(LetheException.class, () -> Training.of(100).run(p, broken, Env.seeded(1)));
            assertEquals(LetheException.Code.NUMERIC, e.code());
            assertEquals("broken: loss is NaN at step 7; \"last.bias\" is not finite", e.getMessage());
            // nothing was followed at that step
            assertEquals(before[0][0], Tensors.floats(p.tensor("first.weight").detach())[0]);
        }
    }

    @Test
    void aGradientThatIsNotFiniteEndsTrainingToo() {
        try (var _ = new PointerScope()) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            all.put("w", Tensors.of(new float[] {0}, 1).requires_grad_(true));
            Training.Objective<Integer> root = new Training.Objective<>() {
                @Override
                public String name() {
                    return "root";
                }

                @Override
                public Integer batch(long step, int part, Keyed key) {
                    return 0;
                }

                @Override
                public Tensor loss(Integer batch, Keyed key) {
                    return Mlp.named(all, "w").sqrt().sum(); // 0, with a slope of infinity
                }
            };
            LetheException e = assertThrows(
                    LetheException.class, () -> Training.of(5).run(Parameters.of(all), root, Env.seeded(1)));
            assertTrue(
                    e.getMessage()
                            .matches("root: norm of the gradient is (Infinity|NaN) at step 0; the gradient of \"w\".*"),
                    e.getMessage());
        }
    }

    @Test
    void aKilledProcessLeavesAWholeCheckpoint() throws Exception {
        Path file = folder.resolve("killed.safetensors");
        Process child = Child.start(Endless.class, folder.resolve("log"), List.of(), file.toString());
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!Files.exists(file) && child.isAlive() && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertTrue(Files.exists(file), () -> "no checkpoint: " + text(folder.resolve("log")));
        child.destroyForcibly().waitFor();
        long step;
        try (Safetensors whole = Safetensors.open(file)) {
            step = Long.parseLong(whole.metadata().get("step"));
            assertTrue(step >= 1);
        }
        try (var _ = new PointerScope()) {
            Parameters p = Mlp.parameters(Endless.WIDTH);
            Failing goesOn = new Failing(new Mlp.Task(p, 4, 0), step + 2);
            assertThrows(IllegalStateException.class, () -> Endless.TRAINING.run(p, goesOn, Env.seeded(1), file));
        }
        try (Safetensors later = Safetensors.open(file);
                Stream<Path> there = Files.list(folder)) {
            assertEquals(Long.toString(step + 2), later.metadata().get("step"));
            assertEquals(2, there.count(), "what the killed process left is gone");
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Trains for ever, with a checkpoint after every step. */
    static final class Endless {
        static final int WIDTH = 20_000;
        static final Training TRAINING = Training.of(1_000_000).withSaveEvery(1);

        private Endless() {}

        public static void main(String[] arguments) {
            Parameters p = Mlp.parameters(WIDTH);
            TRAINING.run(p, new Mlp.Task(p, 4, 0), Env.seeded(1), Path.of(arguments[0]));
        }
    }
}
