package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Components;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.text.Bands;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.PromptFormat;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.CheckpointFolder;
import org.lethe.text.model.Transformer;
import org.lethe.text.tokenizer.Tokenizer;
import org.lethe.torch.Initial;

final class UnlearningTest {
    private static final Memorised memorised = new Memorised();

    private static final List<ByLoss> ALL = List.of(
            new ByLoss.GradientAscent(),
            new ByLoss.GradDiff(),
            new ByLoss.KlMin(),
            new ByLoss.Npo(),
            new ByLoss.SimNpo(),
            new ByLoss.IdkDpo(),
            new ByLoss.Idk(),
            new ByLoss.Rmu(),
            new ByLoss.Undial(),
            new ByLoss.CeU(),
            new ByLoss.Wga(),
            // the published factor 0.1 hardly moves what is known with certainty, where (1 − p) is small
            new ByLoss.SatImp(new ForgettingLoss.SatImp(), new Sampling.Uniform(), new Course().with(1, 0.1)),
            new ByLoss.Pdu());

    @BeforeAll
    static void knowsItsSamples() {
        try (var _ = new PointerScope()) {
            Unlearning.Outcome nothing = run(memorised.model(), new ByLoss.GradDiff().unlearning(), 1e-12, 1);
            assertTrue(nothing.curve().getFirst().forgetProbability() > 0.9, "the samples are known by heart");
        }
    }

    private static Unlearning.Outcome run(Transformer model, Unlearning unlearning, double rate, int epochs) {
        Unlearning own = new Unlearning(
                unlearning.name(),
                unlearning.loss(),
                unlearning.dual(),
                unlearning.sampling(),
                unlearning.course().with(epochs, 4, rate));
        return own.run(model, Memorised.request(), Env.seeded(1), _ -> {});
    }

    @Test
    void everyMethodHalvesTheProbabilityOfWhatItForgets() {
        for (ByLoss method : ALL) {
            try (var _ = new PointerScope()) {
                Unlearning.Outcome outcome = run(memorised.model(), until(method, 0.48), 1e-3, 40);
                assertEquals(Unlearning.End.TARGET, outcome.end(), Named.Of.name(method) + " " + outcome.last());
                assertEquals(Memorised.FORGET, outcome.effectiveSamples(), 1e-9);
            }
        }
    }

    @Test
    void retainLossKeepsWhatAscentAloneDestroys() {
        try (var _ = new PointerScope()) {
            Unlearning.Outcome ascent = run(memorised.model(), until(new ByLoss.GradientAscent(), 0.3), 1e-3, 40);
            Unlearning.Outcome difference = run(memorised.model(), until(new ByLoss.GradDiff(), 0.3), 1e-3, 40);
            assertEquals(Unlearning.End.TARGET, ascent.end());
            assertEquals(Unlearning.End.TARGET, difference.end());
            assertTrue(
                    difference.last().retainCrossEntropy() < ascent.last().retainCrossEntropy(),
                    difference.last() + " " + ascent.last());
        }
    }

    /**
     * After three times the steps that halve the probability, ascent has destroyed more than twice as much (specification L3). Answers
     * here are so short that at β = 0.1 both are nearly the same.
     */
    @Test
    void negativePreferenceCollapsesSlowerThanAscent() {
        try (var _ = new PointerScope()) {
            double ascent = damage(new ForgettingLoss.GradientAscent());
            double preference = damage(new ForgettingLoss.Npo(2, false));
            assertTrue(preference < 0.5 * ascent, preference + " of " + ascent);
        }
    }

    private static double damage(ForgettingLoss loss) {
        Course course = Components.with(new Course().with(1, 0).with(40, 4, 1e-3), "ceiling", false);
        Unlearning.Samples samples = Memorised.request();
        long half = new Unlearning("half", loss, course.until(0.48))
                .run(memorised.model(), samples, Env.seeded(1), _ -> {})
                .steps();
        Unlearning.Outcome outcome = new Unlearning("long", loss, Components.with(course, "steps", (int) (3 * half)))
                .run(memorised.model(), samples, Env.seeded(1), _ -> {});
        assertEquals(3 * half, outcome.steps());
        return outcome.last().retainCrossEntropy() - outcome.curve().getFirst().retainCrossEntropy();
    }

    private static Unlearning until(ByLoss method, double target) {
        Unlearning own = method.unlearning();
        return new Unlearning(
                own.name(), own.loss(), own.dual(), own.sampling(), own.course().until(target));
    }

    @Test
    void differenceWithoutRetainingIsAscentBitForBit() {
        try (var _ = new PointerScope()) {
            Transformer one = memorised.model();
            Transformer other = memorised.model();
            run(one, new ByLoss.GradientAscent().unlearning(), 1e-3, 2);
            Unlearning difference = new ByLoss.GradDiff().unlearning();
            run(
                    other,
                    new Unlearning(
                            difference.name(),
                            difference.loss(),
                            difference.course().with(1, 0)),
                    1e-3,
                    2);
            assertSame(one, other);
        }
    }

    private static void assertSame(Transformer one, Transformer other) {
        List<float[]> expected = Memorised.bits(one);
        List<float[]> actual = Memorised.bits(other);
        for (int n = 0; n < expected.size(); n++) {
            assertArrayEquals(expected.get(n), actual.get(n));
        }
    }

    @Test
    void sameSeedGivesTheSameBits() {
        try (var _ = new PointerScope()) {
            Transformer one = memorised.model();
            Transformer other = memorised.model();
            for (Transformer model : List.of(one, other)) {
                Sampling mrd = new Sampling.ByMrd(
                        new Mrd(new Mrd.Antithetic(2, Optional.of(3e-3)), Mrd.Tokens.ANSWER, "", 8),
                        new Weighting.MedianSplit(),
                        0.2,
                        1,
                        true);
                Unlearning npo = new ByLoss.Npo(new ForgettingLoss.Npo(), mrd, new Course()).unlearning();
                double effective = run(model, npo, 1e-3, 2).effectiveSamples();
                assertTrue(effective < Memorised.FORGET && effective > 7, "effective " + effective);
            }
            assertSame(one, other);
        }
    }

    @Test
    void ascentStopsAtTheEntropyOfAGuess() {
        try (var _ = new PointerScope()) {
            Unlearning.Outcome outcome = run(memorised.model(), new ByLoss.GradientAscent().unlearning(), 1e-2, 40);
            assertEquals(Unlearning.End.CEILING, outcome.end());
            assertTrue(outcome.steps() < 80, "steps " + outcome.steps());
        }
    }

    @Test
    void curveIsWatchedAtTheStartAndAfterEachEpoch() {
        try (var _ = new PointerScope()) {
            List<Unlearning.Point> seen = new ArrayList<>();
            Course course = new Course().with(3, 4, 1e-5);
            Unlearning.Outcome outcome = new Unlearning("npo", new ForgettingLoss.Npo(), course)
                    .run(memorised.model(), Memorised.request(), Env.seeded(1), seen::add);
            assertEquals(outcome.curve(), seen);
            assertEquals(
                    List.of(0L, 2L, 4L, 6L),
                    seen.stream().map(Unlearning.Point::step).toList());
        }
    }

    @Test
    void adapterChangesNothingUntilItIsTrainedAndIsMergedAtTheEnd() {
        try (var _ = new PointerScope()) {
            Unlearning ascent = new Unlearning(
                    "ascent",
                    new ForgettingLoss.GradientAscent(),
                    new Course().with(1, 0).withLora(4));
            Transformer still = memorised.model();
            Unlearning.Outcome nothing = run(still, ascent, 1e-12, 1);
            assertEquals(
                    nothing.curve().getFirst().forgetCrossEntropy(),
                    nothing.last().forgetCrossEntropy(),
                    1e-6);
            Transformer model = memorised.model();
            Unlearning.Outcome outcome = run(model, ascent, 3e-3, 20);
            assertTrue(outcome.last().forgetProbability() < 0.5, outcome.toString());
            double merged =
                    Scored.of(plain(model), Memorised.request().forget(), "", 8).read()[0][0];
            double adapted =
                    Scored.of(model, Memorised.request().forget(), "", 8).read()[0][0];
            assertEquals(adapted, merged, 1e-5);
            assertArrayEquals( // embeddings are no linear layers
                    Memorised.bits(memorised.model()).getFirst(),
                    Memorised.bits(model).getFirst());
        }
    }

    /** The weights of a model in one that has no adapter. */
    private static Transformer plain(Transformer model) {
        Transformer copy = Memorised.fresh();
        try (var _ = new NoGradGuard()) {
            copy.parameters()
                    .distinct()
                    .forEach((name, tensor) -> tensor.copy_(model.parameters().tensor(name)));
        }
        return copy;
    }

    @Test
    void numberThatIsNotFiniteStopsTheRunWithItsStep() {
        try (var _ = new PointerScope()) {
            SampleLoss broken = (model, reference, batch) -> new ForgettingLoss.GradientAscent()
                    .of(model, reference, batch)
                    .div(new Scalar(0));
            Unlearning unlearning = new Unlearning(
                    "broken", new ForgettingLoss.Given(broken, Reduction.SAMPLE), new Course().with(1, 0));
            LetheException refused =
                    assertThrows(LetheException.class, () -> run(memorised.model(), unlearning, 1e-3, 1));
            assertEquals(LetheException.Code.NUMERIC, refused.code());
            assertTrue(refused.getMessage().contains("at step 0"), refused.getMessage());
        }
    }

    @Test
    void sampleOfWeightZeroIsNotForgotten() {
        try (var _ = new PointerScope()) {
            Transformer model = memorised.model();
            Unlearning.Samples all = Memorised.request();
            float[] weights = new float[Memorised.FORGET];
            weights[0] = 1;
            Course course = new Course().with(1, 1).with(20, 8, 1e-3);
            new Unlearning("weighted", new ForgettingLoss.Npo(), course)
                    .run(
                            model,
                            new Unlearning.Samples(all.forget(), all.retain(), all.refusals(), weights),
                            Env.seeded(1),
                            _ -> {});
            double[][] read = Scored.of(model, all.forget(), "", 8).read();
            assertTrue(sum(read[0]) < -3, "sample 0: " + sum(read[0]));
            assertTrue(sum(read[5]) > 0.5 * sum(read[0]), "sample 5: " + sum(read[5]));
        }
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double v : values) {
            sum += v;
        }
        return sum;
    }

    @Test
    void dualVariableGrowsWhileTheConstraintIsBroken() {
        Unlearning.Dual dual = new Unlearning.Dual(0.3, 2, 1);
        assertEquals(1, dual.next(1, 5, 0));
        assertEquals(1.4, dual.next(1, 0.5, 1), 1e-12);
        assertEquals(0, dual.next(0.1, 0, 1));
    }

    @Test
    void samplesThatAMethodNeedsAreAskedFor() {
        List<Encoded> some = Memorised.samples(0, 3);
        try (var _ = new PointerScope()) {
            Transformer model = memorised.model();
            Unlearning.Samples lonely = new Unlearning.Samples(some, List.of(), List.of());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new ByLoss.GradDiff().unlearning().run(model, lonely, Env.seeded(1), _ -> {}));
            Unlearning idk = new Unlearning("idk", new ForgettingLoss.Idk(), new Course().with(1, 0));
            String message = assertThrows(
                            IllegalArgumentException.class, () -> idk.run(model, lonely, Env.seeded(1), _ -> {}))
                    .getMessage();
            assertTrue(String.valueOf(message).contains("refusals"), message);
        }
        assertThrows(IllegalArgumentException.class, () -> new Unlearning.Samples(List.of(), some, List.of()));
    }

    @Test
    void ruinedModelDoesNotPassBesideAReferenceThatIsRuinedToo() {
        ModelUtility audit = new ModelUtility();
        Keyed key = Keyed.seed(4);
        Sampled good = Bands.mean(new double[] {0.9, 0.95, 0.92, 0.97}, key);
        Sampled bad = Bands.mean(new double[] {0.01, 0.02, 0.01, 0.03}, key);
        assertInstanceOf(Verdict.Undecided.class, audit.verdict(bad, bad, good));
        assertInstanceOf(Verdict.Pass.class, audit.verdict(good, bad, good));
        assertInstanceOf(Verdict.Pass.class, audit.verdict(good, good, good));
        assertInstanceOf(Verdict.Pass.class, audit.verdict(good, good, bad));
        assertInstanceOf(Verdict.Fail.class, audit.verdict(bad, good, good));
    }

    @Test
    void modelThatReadsOtherTokensThanBeforeIsNotAudited(@TempDir Path folder) throws IOException {
        Tokenizer words = Tokenizer.ofWords(List.of("who", "he", "is", "a", "b", "c"));
        for (int positions : new int[] {6, 12}) {
            try (var _ = new PointerScope()) {
                Transformer model = new Transformer(Architecture.gpt(8, 8, 1, 2, positions, 1), Device.CPU);
                model.parameters().draw(Keyed.seed(1), (_, _) -> Optional.of(Initial.normal(0, 0.1)), Workers.here());
                CheckpointFolder.saveNew(
                        folder.resolve("m" + positions),
                        LanguageModel.of(model, words, PromptFormat.PLAIN),
                        ScalarType.Float);
            }
        }
        Path samples = Files.writeString(
                folder.resolve("s.jsonl"), "{\"prompt\": \"who is a\", \"answer\": \"he is a b c a\"}\n");
        AuditCheckpoint audit = new AuditCheckpoint(
                folder.resolve("m6"),
                folder.resolve("m12"),
                Optional.empty(),
                samples,
                samples,
                Optional.empty(),
                "plain",
                4,
                1);
        String said = assertThrows(LetheException.class, () -> audit.run(Env.seeded(1)))
                .getMessage();
        assertTrue(said.startsWith(samples + ": sample 1 is read as other tokens"), said);
    }
}
