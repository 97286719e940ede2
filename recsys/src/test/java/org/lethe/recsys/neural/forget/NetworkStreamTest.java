package org.lethe.recsys.neural.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.Cost;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Ledger;
import org.lethe.Method;
import org.lethe.Safetensors;
import org.lethe.Verdict;
import org.lethe.recsys.neural.Fmc;
import org.lethe.recsys.neural.NetworkModel;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.sequence.PlantedSessions;
import org.lethe.recsys.sequence.VmisKnn;
import org.lethe.recsys.stream.Drift;
import org.lethe.recsys.stream.ErasureStream;
import org.lethe.recsys.stream.ErasureStream.Kind;
import org.lethe.recsys.stream.Filter;
import org.lethe.recsys.stream.Retrain;
import org.lethe.recsys.stream.StreamMembership;
import org.lethe.recsys.stream.StreamedSequences;

/** Twenty requests to a network that was trained until it knows its examples by heart (erase, E8 to E12). */
class NetworkStreamTest {
    private static final Events DATA = new PlantedSessions(200, 4).load(new DataFolders(List.of()));
    private static final Fmc MODEL = new Fmc(16, 15, 64, 0.01, 50);
    private static final Env ENV = Env.seeded(1);
    private static final ErasureStream STREAM = stream(Kind.USERS, 20, 0, 0);

    private static final class Kept<T> implements Supplier<T> {
        private final Supplier<T> made;
        private List<T> value = List.of();

        Kept(Supplier<T> made) {
            this.made = made;
        }

        @Override
        public synchronized T get() {
            value = value.isEmpty() ? List.of(made.get()) : value;
            return value.getFirst();
        }
    }

    private static final Kept<NetworkModel> BEFORE = new Kept<>(() -> MODEL.train(DATA, ENV));
    private static final Kept<NextItems> RETRAINED =
            new Kept<>(() -> new Retrain().fulfil(BEFORE.get(), STREAM, MODEL, DATA, ENV));

    private static ErasureStream stream(Kind kind, int requests, double deadline, double stop) {
        return new ErasureStream(kind, "", requests, List.of(), deadline, stop, 42);
    }

    private record Outcome(NextItems model, Cost cost) {}

    private static Outcome fulfilled(Method<Events, NextItems> method, ErasureStream stream) {
        Ledger ledger = new Ledger();
        NextItems after = method.fulfil(BEFORE.get(), stream, MODEL, DATA, ENV.with(ledger));
        return new Outcome(after, ledger.cost());
    }

    private static Finding drift(NextItems after, String name, NextItems reference, ErasureStream stream) {
        Events left = stream.on(DATA).after(stream.requests(), DATA);
        return new Drift()
                .examine(new Case<>(DATA, left, stream, BEFORE.get(), after, reference), ENV).stream()
                        .filter(f -> f.name().equals(name))
                        .findFirst()
                        .orElseThrow();
    }

    private static double gap(Method<Events, NextItems> method) {
        return drift(fulfilled(method, STREAM).model, "forgetGap", RETRAINED.get(), STREAM)
                .value();
    }

    @Test
    void doingNothingAndFinetuningAreRejectedAndRetrainingIsAccepted() {
        Finding nothing = drift(BEFORE.get(), "forgetGap", RETRAINED.get(), STREAM);
        assertEquals(1, nothing.value(), 1e-12);
        assertTrue(nothing.verdict().orElseThrow() instanceof Verdict.Fail);
        Finding again = drift(RETRAINED.get(), "forgetGap", RETRAINED.get(), STREAM);
        assertEquals(0, again.value(), 1e-12);
        assertTrue(again.verdict().orElseThrow() instanceof Verdict.Pass);
        assertTrue(gap(new Finetune()) > 0.9);
    }

    /** Once to begin with, and three times at each of three points, as two other seeds tell what is chance. */
    @Test
    void theEstimateOfRetrainingCountsEveryTraining() {
        ErasureStream three = new ErasureStream(Kind.USERS, 20, 1, 10);
        double one = MODEL.estimate(DATA).seconds();
        assertEquals(10 * one, new Retrain().estimate(MODEL, DATA, three).seconds(), 1e-9 * one);
        double index = new VmisKnn().estimate(DATA).seconds();
        assertEquals(
                4 * index, new Retrain().estimate(new VmisKnn(), DATA, three).seconds(), 1e-9 * index);
    }

    private static Finding attacked(NextItems after, String name) {
        Events left = STREAM.on(DATA).after(STREAM.requests(), DATA);
        return new StreamMembership()
                .examine(new Case<>(DATA, left, STREAM, BEFORE.get(), after, RETRAINED.get()), ENV).stream()
                        .filter(f -> f.name().equals(name))
                        .findFirst()
                        .orElseThrow();
    }

    /** An attacker tells what a model knows by heart, and what retraining knows no more. */
    @Test
    void theMembershipAttackRejectsDoingNothingAndFinetuningAndAcceptsRetraining() {
        for (String attack : List.of("auc", "rmiaAuc")) {
            Finding nothing = attacked(BEFORE.get(), attack);
            Finding again = attacked(RETRAINED.get(), attack);
            assertTrue(nothing.verdict().orElseThrow() instanceof Verdict.Fail, nothing.toString());
            assertTrue(again.verdict().orElseThrow() instanceof Verdict.Pass, again.toString());
            assertTrue(nothing.value() > again.value() + 0.05);
            Finding tuned = attacked(fulfilled(new Finetune(), STREAM).model, attack);
            assertTrue(tuned.verdict().orElseThrow() instanceof Verdict.Fail, tuned.toString());
        }
    }

    /** p = .6 and P = .2 with a = .3: .6 / .48 (erase 4.5). */
    @Test
    void theRatioOfRmiaIsTheWorkedOne() {
        double[] ratio =
                StreamMembership.ratios(new double[] {Math.log(0.6)}, List.of(new double[] {Math.log(0.2)}), 0.3);
        assertEquals(1.25, Math.exp(ratio[0]), 1e-12);
    }

    /** erase E5: the row refit forgets and keeps the quality. */
    @Test
    void theRowRefitForgetsAndKeepsTheQuality() {
        NextItems after = fulfilled(new RowRefit(), STREAM).model;
        Finding gap = drift(after, "forgetGap", RETRAINED.get(), STREAM);
        assertTrue(gap.value() < 0.5 && gap.value() > -0.25, gap.toString());
        Finding quality = drift(after, "relNdcg@20", RETRAINED.get(), STREAM);
        assertTrue(quality.value() > 0.97, quality.toString());
    }

    /** The single step of the paper removes less than steps that are calibrated; and both are between doing nothing and retraining. */
    @Test
    void calibratedInfluenceForgetsMoreThanTheSingleStep() {
        double single = gap(new Gif(Gif.Solver.CONJUGATE_GRADIENTS, 10, 0, 20, 1e-6, 0));
        double calibrated = gap(new Gif());
        assertTrue(single > 0.5 && single < 0.95, "single " + single);
        assertTrue(calibrated < 0.4 && calibrated > -0.25, "calibrated " + calibrated);
    }

    /** erase E8 and E10: as coded these three do not survive; the stop rule replaces them by replay and says so. */
    @Test
    void seifGifAndIdeaAsCodedCollapseAndAreReplaced() {
        ErasureStream stopping = stream(Kind.USERS, 20, 0, 0.95);
        NetworkModel replayed = MODEL.train(stopping.on(DATA).after(20, DATA), ENV);
        for (NetworkMethod coded : List.of(
                new Seif(0.6, true, 4, 7e-4),
                new Gif(Gif.Solver.AS_CODED, 1, 0, 20, 1e-6, 0),
                new Idea(0.01, 0.01, 1, 0.01, true, 50, 0))) {
            Outcome left = fulfilled(coded, STREAM);
            double quality =
                    drift(left.model, "relNdcg@20", RETRAINED.get(), STREAM).value();
            assertTrue(quality < 0.9, coded + " " + quality);
            Outcome stopped = fulfilled(coded, stopping);
            assertEquals(20, stopped.cost.count("stopped-after"), coded.toString());
            assertEquals(20, stopped.cost.count("replayed"));
            assertSame(replayed, ((StreamedSequences) stopped.model).last());
        }
    }

    /** erase E12: with a deadline nobody can meet nothing counts as served, and the state is that of a replay. */
    @Test
    void aDeadlineOfAMillisecondIsMissedByAllAndReplayed() {
        ErasureStream hurried = stream(Kind.USERS, 2, 1e-3, 0);
        NetworkModel replayed = MODEL.train(hurried.on(DATA).after(2, DATA), ENV);
        for (NetworkMethod method : List.of(
                new RowRefit(1, 0, true, RowRefit.Choice.HELD_OUT),
                new Scif(),
                new Kookmin(),
                new Fanchuan(),
                new Seif(),
                new Gif(),
                new Ceu(),
                new Idea(),
                new Finetune())) {
            Outcome late = fulfilled(method, hurried);
            assertEquals(0, late.cost.count("served"), method.toString());
            assertTrue(late.cost.count("late") > 0, method.toString());
            assertEquals(2, late.cost.count("replayed"));
            assertSame(replayed, ((StreamedSequences) late.model).last());
        }
    }

    private static void assertSame(NetworkModel expected, NextItems actual) {
        assertEquals(expected.tensors().keySet(), actual.tensors().keySet());
        actual.tensors().forEach((name, tensor) -> {
            Safetensors.Tensor other = expected.tensors().get(name);
            assertTrue(other != null && tensor.data().mismatch(other.data()) == -1, name);
        });
    }

    /** erase E11: requesting users see no item of the category any more, while the weights know as much as before. */
    @Test
    void theFilterBansTheCategoryAndForgetsNothing() {
        ErasureStream sensitive = stream(Kind.SENSITIVE, 10, 0, 0.95);
        NextItems retrained = new Retrain().fulfil(BEFORE.get(), sensitive, MODEL, DATA, ENV);
        NextItems filtered = fulfilled(new Filter(), sensitive).model;
        assertTrue(exposed(BEFORE.get(), sensitive) > 0);
        assertEquals(0, exposed(filtered, sensitive));
        assertEquals(1, drift(filtered, "forgetGap", retrained, sensitive).value(), 1e-12);
    }

    /** How many users who asked still get an item of the category after one of their sessions. */
    private static long exposed(NextItems model, ErasureStream stream) {
        ErasureStream.Arrivals arrivals = stream.on(DATA);
        int[] users = arrivals.erased().stream()
                .mapToInt(events -> DATA.user(events[0]))
                .toArray();
        Events left = arrivals.after(stream.requests(), DATA);
        List<Example> examples = left.examples(Part.TRAIN).stream()
                .filter(e -> Arrays.stream(users).anyMatch(u -> u == e.user()))
                .toList();
        NextItemRanking.Measured measured = NextItemRanking.of(model, examples, 20, ENV.workers());
        return IntStream.range(0, examples.size())
                .filter(n -> Arrays.stream(measured.lists()[n]).anyMatch(i -> arrivals.watched()[i]))
                .map(n -> examples.get(n).user())
                .distinct()
                .count();
    }

    @Test
    void aModelThatIsNoNetworkIsRefused() {
        for (NetworkMethod method : List.of(new RowRefit(), new Gif(), new Finetune())) {
            String why = method.unsuited(STREAM, new VmisKnn()).orElseThrow();
            assertTrue(why.endsWith("needs a model that is a network, for example fmc, not vmis-knn"), why);
            assertTrue(method.unsuited(STREAM, MODEL).isEmpty());
        }
    }

    @Test
    void aRequestServedTwiceFromTheSameModelGivesTheSameBits() {
        ErasureStream two = stream(Kind.USERS, 2, 0, 0);
        for (NetworkMethod method :
                List.of(new RowRefit(1, 0, true, RowRefit.Choice.HELD_OUT), new Kookmin(), new Idea())) {
            assertArrayEquals(
                    scores(fulfilled(method, two).model), scores(fulfilled(method, two).model), method.toString());
        }
    }

    private static double[] scores(NextItems model) {
        double[] scores = new double[DATA.itemCount()];
        model.scores(DATA.examples(Part.TEST).getFirst(), scores);
        return scores;
    }
}
