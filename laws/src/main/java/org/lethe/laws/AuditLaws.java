package org.lethe.laws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Cost;
import org.lethe.DoNothing;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Learner;
import org.lethe.Ledger;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.report.Report.Control;
import org.lethe.statistics.Statistics;

/**
 * What holds for every audit with every request that suits it: it rejects doing nothing and accepts a reference of another seed,
 * finds the same numbers twice, and all of them are finite. Where a test asks for {@link #trials}, audits keep their word as often as
 * they promise: of 100 seeds, 95 references of other seeds miss no bar of an audit, and 95 saboteurs miss one.
 *
 * @param <D> the data of the subject
 * @param <M> its models
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class AuditLaws<D, M> extends Laws<D, M> {
    private static final String NOTHING = "doing nothing";
    private static final String INDEPENDENT = "a retraining of another seed";
    private static final String SOME = "some audit";
    private static final long FAR = 1_000; // from seeds of other trials

    private final Map<Place, Controls<D, M>> controls = new HashMap<>();

    private record Place(Request request, long seed) {}

    /** The cases of one request and seed: methods that must be rejected, and the reference, where there is one. */
    private record Controls<D, M>(Map<Method<D, M>, Case<D, M>> rejected, Optional<Case<D, M>> reference) {}

    /** What is asked for. */
    protected List<Request> requests() {
        return subject().requests();
    }

    /** The audits, with settings that suit a small data set. */
    protected List<Audit<D, M>> audits() {
        return subject().audits();
    }

    /** The seeds that the verdicts are taken over, as in a report. */
    protected List<Long> seeds() {
        return List.of(1L, 2L, 3L);
    }

    /**
     * Whether an audit has to reject doing nothing here. Where the untreated model is the reference, only a measure of the effect
     * can: the utility of doing nothing is what it should be.
     */
    protected boolean mustReject(Audit<D, M> audit, Request request) {
        return audit.aspect() == Aspect.EFFECT || !(subject().reference(request) instanceof DoNothing);
    }

    /** For how many seeds audits have to keep their word. By default for none, as each trains five models. */
    protected int trials() {
        return 0;
    }

    /** The data of one trial. */
    protected D data(long seed) {
        return data();
    }

    /** Ways to pretend, by name: what to hand out instead of the reference of a case. Some audit must see through each. */
    protected Map<String, Function<Case<D, M>, M>> saboteurs(Request request) {
        return Map.of();
    }

    @TestFactory
    Stream<DynamicTest> everyAuditKeepsItsWord() {
        return requests().stream()
                .filter(request -> trials() > 0 && !(subject().reference(request) instanceof DoNothing))
                .map(request -> dynamicTest(Named.Of.name(request), () -> keepTheirWord(request)));
    }

    @TestFactory
    Stream<DynamicTest> everyAuditHasAControl() {
        return each((audit, request) -> {
            tellsTheControlsApart(audit, request);
            findsTheSameTwice(audit, request);
        });
    }

    @TestFactory
    Stream<DynamicTest> everyAuditSaysWhatItDoesNotProve() {
        return audits().stream().map(audit -> dynamicTest(Named.Of.name(audit), () -> saysItsLimits(audit)));
    }

    final void tellsTheControlsApart(Audit<D, M> audit, Request request) {
        Map<String, Control> bars = bars(audit, request);
        String where = where(audit, request) + ": " + bars;
        assertTrue(!bars.containsValue(Control.BROKEN), where + ", the reference misses a bar");
        if (mustReject(audit, request)) {
            assertTrue(
                    List.of(Control.HOLDS, Control.REJECTS).contains(Control.of(bars)),
                    where + ", expected a bar that doing nothing misses and the reference meets");
        }
    }

    final void findsTheSameTwice(Audit<D, M> audit, Request request) {
        Controls<D, M> here = controls(request, seeds().getFirst());
        Case<D, M> examined =
                here.reference.orElseGet(() -> here.rejected.values().iterator().next());
        List<Finding> once = findings(audit, examined, seeds().getFirst());
        assertEquals(
                once.stream().filter(f -> !f.ofTheMachine()).toList(),
                findings(audit, examined, seeds().getFirst()).stream()
                        .filter(f -> !f.ofTheMachine())
                        .toList(),
                where(audit, request) + ": the same case has other findings the second time");
        assertNotEquals(List.of(), once, where(audit, request) + ": no findings");
        for (Finding finding : once) {
            assertTrue(
                    Double.isFinite(finding.value())
                            && finding.interval()
                                    .map(i -> Double.isFinite(i.low()) && Double.isFinite(i.high()))
                                    .orElse(true),
                    where(audit, request) + ": not finite: " + finding);
        }
    }

    /** Counts, over the trials, how often each audit misses a bar, and how often some audit does. */
    final void keepTheirWord(Request request) {
        List<Audit<D, M>> suited =
                audits().stream().filter(audit -> suited(audit, request)).toList();
        Map<String, Map<String, Integer>> missed = new TreeMap<>();
        for (long seed = 1; seed <= trials(); seed++) {
            for (Map.Entry<String, Case<D, M>> pretended : trial(request, seed).entrySet()) {
                Map<String, Integer> counts = missed.computeIfAbsent(pretended.getKey(), who -> new TreeMap<>());
                boolean caught = false;
                for (Audit<D, M> audit : suited) {
                    boolean miss = findings(audit, pretended.getValue(), seed).stream()
                            .flatMap(finding -> finding.verdict().stream())
                            .anyMatch(Verdict.Fail.class::isInstance);
                    counts.merge(Named.Of.name(audit), miss ? 1 : 0, Integer::sum);
                    caught |= miss;
                }
                counts.merge(SOME, caught ? 1 : 0, Integer::sum);
            }
        }
        String where = Named.Of.name(request) + ", trials with a missed bar of " + trials() + ": " + missed;
        missed.forEach((who, counts) -> counts.forEach((audit, count) -> {
            if (who.equals(INDEPENDENT)) {
                assertTrue(audit.equals(SOME) || seldom(count), audit + " rejects a retraining; " + where);
            } else if (audit.equals(SOME)) {
                assertTrue(seldom(trials() - count), who + " is not caught; " + where);
            }
        }));
        Map<String, Integer> nothing = Objects.requireNonNull(missed.get(NOTHING));
        for (Audit<D, M> audit : suited) {
            if (mustReject(audit, request)) {
                int count = nothing.getOrDefault(Named.Of.name(audit), 0);
                assertTrue(seldom(trials() - count), Named.Of.name(audit) + " accepts doing nothing; " + where);
            }
        }
    }

    /** Whether so many wrong verdicts agree with a promise of 5 in 100, at a level of 1 %. */
    private boolean seldom(int wrong) {
        return Statistics.binomialTail(wrong, trials(), 0.05) > 0.01;
    }

    /** One trial: the model before, a reference of another seed and all saboteurs, each as the model after. */
    private Map<String, Case<D, M>> trial(Request request, long seed) {
        D data = data(seed);
        Learner<D, M> learner = models().getFirst();
        Method<D, M> method = subject().reference(request);
        M before = learner.train(data, Env.seeded(seed));
        Work<M> retrained = env -> method.fulfil(before, request, learner, data, env);
        Case<D, M> c = new Case<>(
                data,
                subject().remaining(request, data),
                request,
                before,
                before,
                retrained.in(Env.seeded(seed)),
                others(before, request, learner, data, seed));
        Map<String, Case<D, M>> cases = new LinkedHashMap<>();
        cases.put(NOTHING, c);
        cases.put(INDEPENDENT, after(c, retrained.in(Env.seeded(seed + FAR))));
        for (Method<D, M> other : subject().rejected(request)) {
            M start = other.learnsPlainly() ? before : other.learn(learner, data, Env.seeded(seed));
            cases.put(Named.Of.name(other), after(c, other.fulfil(start, request, learner, data, Env.seeded(seed))));
        }
        saboteurs(request).forEach((name, pretend) -> cases.put(name, after(c, pretend.apply(c))));
        return cases;
    }

    private static <D, M> Case<D, M> after(Case<D, M> c, M after) {
        return new Case<>(c.data(), c.remaining(), c.request(), c.before(), after, c.reference(), c.others());
    }

    final void saysItsLimits(Audit<D, M> audit) {
        assertTrue(
                audit.limits().matches("\\S+ \\S+ .*\\S\\."),
                Named.Of.name(audit) + ": its limits are \"" + audit.limits() + "\", expected a sentence");
        for (Request request : requests()) {
            assertSaysWhy(audit, audit.unsuited(request, subject().reference(request)));
        }
        assertTrue(
                requests().stream().anyMatch(request -> suited(audit, request)),
                Named.Of.name(audit) + " suits no request that is tried");
    }

    private interface Law<D, M> {
        void hold(Audit<D, M> audit, Request request);
    }

    private Stream<DynamicTest> each(Law<D, M> law) {
        return audits().stream()
                .flatMap(audit -> requests().stream()
                        .filter(request -> suited(audit, request))
                        .map(request -> dynamicTest(where(audit, request), () -> law.hold(audit, request))));
    }

    private boolean suited(Audit<D, M> audit, Request request) {
        return audit.unsuited(request, subject().reference(request)).isEmpty();
    }

    private static String where(Audit<?, ?> audit, Request request) {
        return Named.Of.name(audit) + ", " + Named.Of.name(request);
    }

    /** For each finding with a bar, what the controls of all seeds come to, as a report has it. */
    private Map<String, Control> bars(Audit<D, M> audit, Request request) {
        List<Map<String, List<Verdict>>> rejected = new ArrayList<>();
        List<Map<String, List<Verdict>>> reference = new ArrayList<>();
        for (long seed : seeds()) {
            Controls<D, M> here = controls(request, seed);
            int n = 0;
            for (Map.Entry<Method<D, M>, Case<D, M>> control : here.rejected.entrySet()) {
                if (audit.unsuited(request, control.getKey()).isEmpty()) {
                    collect(rejected, n++, findings(audit, control.getValue(), seed));
                }
            }
            here.reference.ifPresent(c -> collect(reference, 0, findings(audit, c, seed)));
        }
        Map<String, Control> bars = new LinkedHashMap<>();
        Stream.concat(rejected.stream(), reference.stream())
                .flatMap(verdicts -> verdicts.keySet().stream())
                .distinct()
                .forEach(name -> bars.put(name, Control.of(of(name, rejected), of(name, reference))));
        return bars;
    }

    private static void collect(List<Map<String, List<Verdict>>> into, int control, List<Finding> findings) {
        if (into.size() == control) {
            into.add(new LinkedHashMap<>());
        }
        for (Finding finding : findings) {
            finding.verdict()
                    .ifPresent(verdict -> into.get(control)
                            .computeIfAbsent(finding.name(), name -> new ArrayList<>())
                            .add(verdict));
        }
    }

    private static List<List<Verdict>> of(String name, List<Map<String, List<Verdict>>> controls) {
        return controls.stream()
                .map(verdicts -> verdicts.getOrDefault(name, List.of()))
                .toList();
    }

    /** Findings that no earlier look at the model before has a part in. */
    private static <D, M> List<Finding> findings(Audit<D, M> audit, Case<D, M> c, long seed) {
        return audit.examine(
                new Case<>(
                        c.data(),
                        c.remaining(),
                        c.request(),
                        c.before(),
                        c.after(),
                        c.reference(),
                        c.others()
                                .subList(
                                        0,
                                        Math.min(audit.retrainings(), c.others().size())), // as the engine does
                        c.learned(),
                        c.fulfilled(),
                        c.referenced(),
                        new Baseline()),
                Env.seeded(seed));
    }

    private Controls<D, M> controls(Request request, long seed) {
        return controls.computeIfAbsent(new Place(request, seed), place -> made(request, seed));
    }

    private Controls<D, M> made(Request request, long seed) {
        D data = data();
        Learner<D, M> learner = models().getFirst();
        Method<D, M> method = subject().reference(request);
        Made<M> before = made(seed, env -> learner.train(data, env));
        Made<M> given = method.learnsPlainly() ? before : made(seed, env -> method.learn(learner, data, env));
        Made<M> reference = method instanceof DoNothing
                ? new Made<>(before.model, Cost.NONE)
                : made(seed, env -> method.fulfil(given.model, request, learner, data, env));
        List<M> others = method instanceof DoNothing ? List.of() : others(given.model, request, learner, data, seed);
        Map<Method<D, M>, Case<D, M>> rejected = new LinkedHashMap<>();
        D remaining = subject().remaining(request, data);
        rejected.put(
                new DoNothing<>(),
                of(data, remaining, request, before, new Made<>(before.model, Cost.NONE), reference, others));
        for (Method<D, M> other : subject().rejected(request)) {
            Made<M> start = other.learnsPlainly() ? before : made(seed, env -> other.learn(learner, data, env));
            Made<M> after = made(seed, env -> other.fulfil(start.model, request, learner, data, env));
            rejected.put(other, of(data, remaining, request, start, after, reference, others));
        }
        return new Controls<>(
                rejected,
                method instanceof DoNothing
                        ? Optional.empty()
                        : Optional.of(of(data, remaining, request, given, reference, reference, others)
                                .independent()));
    }

    /** References of the next seeds, as many as some audit wants. */
    private List<M> others(M given, Request request, Learner<D, M> learner, D data, long seed) {
        int most = audits().stream().mapToInt(Audit::retrainings).max().orElse(0);
        return LongStream.rangeClosed(seed + 1, seed + most)
                .mapToObj(
                        other -> subject().reference(request).fulfil(given, request, learner, data, Env.seeded(other)))
                .toList();
    }

    private static <D, M> Case<D, M> of(
            D data, D remaining, Request request, Made<M> before, Made<M> after, Made<M> reference, List<M> others) {
        return new Case<>(
                data,
                remaining,
                request,
                before.model,
                after.model,
                reference.model,
                others,
                before.cost,
                after.cost,
                reference.cost,
                new Baseline());
    }

    /** A model and what it took. */
    private record Made<M>(M model, Cost cost) {}

    private interface Work<M> {
        M in(Env env);
    }

    private static <M> Made<M> made(long seed, Work<M> work) {
        Ledger ledger = new Ledger();
        M model = work.in(Env.seeded(seed).with(Workers.here()).with(ledger));
        return new Made<>(model, ledger.cost());
    }
}
