package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.study.Studies;
import org.lethe.study.Words;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.model.Transformer;
import org.lethe.text.tokenizer.Tokenizer;

final class ByLossTest {
    private static final ForgetSamples REQUEST = ForgetSamples.last(2);
    private static final List<Forgetting> METHODS = List.of(
            new Retrain(),
            new FineTune(),
            new TaskVector(),
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
            new ByLoss.SatImp(),
            new ByLoss.Pdu());

    private static Corpus corpus;
    private static LanguageModel model;

    /** Learns by heart: six groups of three samples, each of words of its own. */
    private record ByHeart(int epochs) implements Learner<Corpus, LanguageModel> {
        @Override
        public LanguageModel train(Corpus data, Env env) {
            try (var _ = new PointerScope()) {
                Transformer fresh = Memorised.fresh();
                List<Encoded> all = data.training().stream()
                        .map(s -> Encoded.of(data.tokenizer(), data.format(), s.prompt(), s.answer(), 16))
                        .toList();
                Course course = new Course(epochs, 0, 6, 3e-3, 0, 1, 1, 0, 1, new RetainLoss.Nll(), 0, false, 0);
                new Unlearning("learn", new ForgettingLoss.GradientAscent(), course)
                        .run(fresh, new Unlearning.Samples(all, all, List.of()), env, _ -> {});
                return LanguageModel.of(fresh, data.tokenizer(), data.format());
            }
        }

        @Override
        public Estimate estimate(Corpus data) {
            return new Estimate(1, 1);
        }
    }

    @BeforeAll
    static void learn() {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 18; i++) {
            samples.add(new Sample(
                    "w" + i + " w" + (i * 7 % 20),
                    "w" + (i * 5 % 20) + " w" + (i * 11 % 20) + " w" + (i * 3 % 20),
                    "g" + i / 3));
        }
        corpus = new Corpus("words", words(), PromptFormat.PLAIN, samples, List.of(), List.of("no w1", "no w2"));
        model = new ByHeart(60).train(corpus, Env.seeded(3));
    }

    private static Tokenizer words() {
        String words = IntStream.range(0, 36)
                .mapToObj(i -> ", \"w" + i + "\": " + (i + 4))
                .reduce("", String::concat);
        return Tokenizer.of("""
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [{"id": 1, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
              "normalized": false, "special": true}],
             "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
             "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "</s>": 1, "no": 2, "yes": 3%s},
              "unk_token": "<unk>"}}
            """.formatted(words));
    }

    /** Mean probability of answers. */
    private static double probability(LanguageModel of, List<Sample> samples) {
        try (var _ = new PointerScope()) {
            double[][] read = Scored.of(
                            of.open(org.lethe.Device.CPU),
                            samples.stream().map(of::encode).toList(),
                            "",
                            8)
                    .read();
            return Stream.of(read)
                    .mapToDouble(row ->
                            Math.exp(java.util.Arrays.stream(row).average().orElseThrow()))
                    .average()
                    .orElseThrow();
        }
    }

    @Test
    void everyMethodLeavesTheGivenModelAndLowersWhatIsForgotten() {
        List<Sample> forgotten = REQUEST.resolve(corpus).samples();
        float[] before = model.weights("transformer.wte.weight").clone();
        double known = probability(model, forgotten);
        assertTrue(known > 0.9, "known " + known);
        for (Forgetting method : METHODS) {
            LanguageModel after = method.fulfil(model, REQUEST, new ByHeart(20), corpus, Env.seeded(1));
            double left = probability(after, forgotten);
            boolean slow =
                    method instanceof FineTune || method instanceof ByLoss.SatImp || method instanceof ByLoss.Pdu;
            assertTrue(slow ? left < 1 : left < known, method + " leaves " + left);
            assertArrayEquals(before, model.weights("transformer.wte.weight"));
        }
    }

    @Test
    void forgettingNobodyChangesNothing() {
        for (Forgetting method : METHODS) {
            assertSame(model, method.fulfil(model, ForgetSamples.last(0), new ByHeart(1), corpus, Env.seeded(1)));
        }
    }

    @Test
    void retrainingIsTrainingWithoutThem() {
        ByHeart learner = new ByHeart(3);
        LanguageModel retrained = new Retrain().fulfil(model, REQUEST, learner, corpus, Env.seeded(7));
        LanguageModel never = learner.train(REQUEST.resolve(corpus).remaining(), Env.seeded(7));
        for (String name : never.names()) {
            assertArrayEquals(never.weights(name), retrained.weights(name));
        }
    }

    @Test
    void taskVectorOfScaleZeroIsTheModelAndItsWayBackIsExact() {
        LanguageModel other = new ByHeart(2).train(corpus, Env.seeded(5));
        LanguageModel still = TaskVector.moved(model, other, 0, Env.seeded(1));
        LanguageModel away = TaskVector.moved(model, other, 0.5, Env.seeded(1));
        for (String name : model.names()) {
            float[] start = model.weights(name);
            assertArrayEquals(start, still.weights(name));
            for (int i = 0; i < start.length; i++) {
                double back = away.weights(name)[i] + 0.5 * (other.weights(name)[i] - start[i]);
                assertEquals(start[i], back, 1e-6);
            }
        }
    }

    private static Method<Corpus, LanguageModel> written(String words) {
        List<Method<Corpus, LanguageModel>> prototypes = new ArrayList<>(METHODS);
        return Studies.entry("test", "method", words, prototypes);
    }

    @Test
    void methodsAreWrittenInAStudy() {
        for (Forgetting method : METHODS) {
            assertEquals(method, written(Words.full(method)));
        }
        Sampling mrd = new Sampling.ByMrd(
                new Mrd(new Mrd.Paper(4, 1e-4, 2, false, true), Mrd.Tokens.ALL, "", 32),
                new Weighting.MedianSplit(),
                0.2,
                0,
                false);
        assertEquals(
                new ByLoss.Npo(
                        new ForgettingLoss.Npo(0.5, false),
                        mrd,
                        new Course()
                                .with(new RetainLoss.Kl(RetainLoss.Positions.LABELLED))
                                .until(0.1)),
                written("npo {loss: {beta: 0.5}, weighting: {mrd: {form: median-split, score: {estimator: {paper:"
                        + " {draws: 4, sigma: 0.0001}}, tokens: all}}}, course: {target: 0.1, retain: {kl: {over:"
                        + " labelled}}}}"));
        assertEquals(
                new ByLoss.GradDiff(
                        new ForgettingLoss.GradientAscent(),
                        new Sampling.ByMrd(
                                new Mrd().with(new Mrd.Antithetic(10, Optional.of(0.01))),
                                new Weighting.Proportional(),
                                0.2,
                                0,
                                false),
                        new Course()),
                written("grad-diff {weighting: {mrd: {score: {estimator: {antithetic: {sigma: 0.01}}}}}}"));
        LetheException wrong = assertThrows(LetheException.class, () -> written("npo {loss: {beta: 0}}"));
        assertTrue(wrong.getMessage().contains("beta is 0.0, expected above 0"), wrong.getMessage());
    }

    @Test
    void otherRequestsAndCorporaWithoutRefusalsAreRefused() {
        @Named("hide")
        record Hide() implements Request {}
        assertEquals(
                "npo fulfils requests to forget samples, not hide",
                new ByLoss.Npo().unsuited(new Hide(), new ByHeart(1)).orElseThrow());
        assertTrue(new ByLoss.Npo().unsuited(REQUEST, new ByHeart(1)).isEmpty());
        Corpus silent =
                new Corpus("silent", corpus.tokenizer(), corpus.format(), corpus.training(), List.of(), List.of());
        String message = assertThrows(
                        LetheException.class,
                        () -> new ByLoss.Idk().fulfil(model, REQUEST, new ByHeart(1), silent, Env.seeded(1)))
                .getMessage();
        assertTrue(message.contains("silent has none"), message);
    }
}
