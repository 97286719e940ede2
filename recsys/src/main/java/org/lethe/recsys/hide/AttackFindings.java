package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Progress;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.attack.Attacker;
import org.lethe.attack.AttributeAttack;
import org.lethe.attack.AttributeAttack.Outcome;
import org.lethe.attack.ChanceTest;
import org.lethe.attack.ChanceTest.Result;
import org.lethe.attack.LabelledSamples;
import org.lethe.numerics.Keyed;

/** The findings of an attack on one attribute: the accuracy of each attacker, the random baseline, and the verdicts. */
final class AttackFindings {
    private static final double Z = 1.959963984540054; // half a 95 % interval, in standard errors
    private static final double SURPRISE = 4; // standard errors that chance exceeds once in 16,000 times

    private static final ChanceTest CHANCE = new ChanceTest();

    private final AttributeAttack attack;
    private final double bar;
    private final double minBefore;
    private final Classes classes;
    private final String prefix;
    private final String suffix;
    private final Env env;
    private final Keyed random;

    /**
     * Prepares the findings of one attribute.
     *
     * @param bar largest attack accuracy that passes, for two classes
     * @param minBefore smallest attack accuracy on the model before, for two classes; below it verdicts are undecided
     * @param prefix the beginning of all names of findings
     * @param suffix the end of all names of findings
     */
    AttackFindings(
            AttributeAttack attack,
            double bar,
            double minBefore,
            Classes classes,
            String prefix,
            String suffix,
            Env env) {
        this.attack = attack;
        this.bar = bar;
        this.minBefore = minBefore;
        this.classes = classes;
        this.prefix = prefix;
        this.suffix = suffix;
        this.env = env;
        this.random = env.random("attribute-inference").of(classes.attribute());
    }

    /** The outcomes of all attackers on the model before and on the model after. */
    record Attacks(Outcome[] before, Outcome[] after) {}

    /**
     * Attacks the model after, and the model before once for all cases that share it.
     *
     * @param settings all settings that the attack on the model before depends on
     */
    Attacks attack(Case<?, ?> c, Object settings, Supplier<LabelledSamples> before, LabelledSamples after) {
        Optional<Outcome[]> own = c.untouched() ? Optional.empty() : Optional.of(crossValidated(after, env));
        Outcome[] untreated = c.baseline().of(settings, env, e -> crossValidated(before.get(), e)); // may wait: late
        return new Attacks(untreated, own.orElse(untreated));
    }

    Outcome[] crossValidated(LabelledSamples target, Env env) {
        try (Progress.Step step = env.progress().begin("attackers of " + classes.attribute(), attack.trainings())) {
            return env.ledger()
                    .timed("attack", () -> attack.crossValidated(target, random, env.workers(), () -> step.advance(1)))
                    .toArray(Outcome[]::new);
        }
    }

    static Outcome best(Outcome[] outcomes) {
        return Arrays.stream(outcomes)
                .max(Comparator.comparingDouble(Outcome::attackAccuracy))
                .orElseThrow();
    }

    /** A bar for two classes, moved to the same share of the way from chance to 1. */
    private double moved(double bar) {
        double chance = 1.0 / classes.size();
        return chance + (2 * bar - 1) * (1 - chance);
    }

    /**
     * Adds the attack accuracies and AUCs against the bars, the control on shuffled labels, and the test against chance.
     *
     * @param before the best attack on the model before, if there is one
     * @param known the users whose labels the method knew, if it did not know all
     */
    void judge(
            LabelledSamples target,
            Outcome[] outcomes,
            Optional<Outcome> before,
            Optional<boolean[]> known,
            List<Finding> findings) {
        List<Outcome> control = attack.randomBaseline(target, random, env.workers());
        Optional<Partly> partly = known.map(k -> new Partly(k, across(target, k, attack), within(target, k, attack)));
        List<Outcome> all = new ArrayList<>(List.of(outcomes));
        partly.ifPresent(p -> all.addAll(p.across));
        partly.ifPresent(p -> all.addAll(p.within));
        int attacked = best(outcomes).samples();
        double detectable =
                CHANCE.detectable(attacked, classes.size(), attack.attackers().size());
        Optional<String> obstacle = obstacle(before, control);
        Optional<Result> tested = obstacle.isPresent() || all.stream().allMatch(o -> accurate(o) && close(o.auc()))
                ? Optional.empty()
                : Optional.of(chance(target, known));
        Grounds grounds = new Grounds(
                obstacle,
                tested.filter(t -> !CHANCE.rejects(t))
                        .map(t -> String.format(
                                Locale.ROOT,
                                "the attackers reach as much on labels dealt at random (deal %d of at most %d); from %d users this"
                                        + " test finds an AUC of %.2f 80 times in 100",
                                t.dealt(),
                                CHANCE.deals(),
                                attacked,
                                detectable)));
        Outcome worst = best(outcomes);
        findings.add(judged(named("attack-accuracy"), worst, grounds));
        for (Outcome o : outcomes) {
            findings.add(judged(named("attack-accuracy", o), o, grounds));
        }
        for (Outcome o : outcomes) {
            String words = "within " + number(bar - 0.5) + " of 0.5";
            findings.add(new Finding(named("auc", o), o.auc(), o.samples(), Direction.HALF)
                    .judged(grounds.decided(close(o.auc()), words)));
        }
        partly.ifPresent(p -> {
            p.across.forEach(o -> findings.add(judged(named("attack-accuracy-inductive", o), o, grounds)));
            p.within.forEach(o -> findings.add(judged(named("attack-accuracy-held-out", o), o, grounds)));
        });
        tested.ifPresent(t ->
                findings.add(new Finding(named("chance-p"), t.pValue(), attacked, Direction.NONE).on(Scale.SHARE)));
        findings.add(new Finding(named("detectable-auc"), detectable, attacked, Direction.NONE).on(Scale.SHARE));
        describe("", outcomes, findings);
        control.forEach(o -> findings.add(plain(named("attack-accuracy-random", o), o)));
        counts(target, attacked, findings);
    }

    /** How far apart the classes are, how far they are when labels are dealt at random, and how many users there are. */
    private void counts(LabelledSamples target, int attacked, List<Finding> findings) {
        int labelled = (int) IntStream.of(classes.of()).filter(k -> k >= 0).count();
        findings.add(new Finding(named("js-divergence"), RowShape.divergence(target), labelled, Direction.LOWER)
                .on(Scale.POSITIVE));
        findings.add(new Finding(
                named("js-divergence-random"),
                RowShape.divergence(target.shuffled(random.of("labels"))),
                labelled,
                Direction.NONE));
        findings.add(new Finding(named("users-labelled"), labelled, classes.of().length, Direction.NONE));
        findings.add(new Finding(named("users-attacked"), attacked, labelled, Direction.NONE));
    }

    /**
     * The grounds on which bars are not decided.
     *
     * @param obstacle why no attack proves anything here
     * @param doubt why what misses a bar may be chance
     */
    private record Grounds(Optional<String> obstacle, Optional<String> doubt) {
        Verdict decided(boolean met, String bar) {
            return obstacle.or(() -> met ? Optional.empty() : doubt)
                    .<Verdict>map(why -> new Verdict.Undecided(bar, why))
                    .orElseGet(() -> Verdict.of(met, bar));
        }
    }

    /** The attacks on users whose labels the method did not know: learned on those it knew, or on each other. */
    private record Partly(boolean[] known, List<Outcome> across, List<Outcome> within) {}

    private List<Outcome> across(LabelledSamples target, boolean[] known, AttributeAttack attack) {
        return attack.transferred(target, known, random.of("inductive"), env.workers());
    }

    private List<Outcome> within(LabelledSamples target, boolean[] known, AttributeAttack attack) {
        int[] unknown = target.labels().clone();
        for (int u = 0; u < unknown.length; u++) {
            unknown[u] = known[u] ? -1 : unknown[u];
        }
        LabelledSamples others = new LabelledSamples(target.rows(), target.width(), unknown, target.classes());
        return attack.crossValidated(others, random.of("unknown"), env.workers());
    }

    /** One test of all these attacks against the same attacks on labels dealt at random. */
    private Result chance(LabelledSamples target, Optional<boolean[]> known) {
        try (Progress.Step step =
                env.progress().begin("attackers of " + classes.attribute() + ", labels at random", CHANCE.deals())) {
            return CHANCE.of(
                    distance(target, known),
                    attack.folds(),
                    key -> {
                        LabelledSamples dealt =
                                known.map(k -> target.shuffled(key, k)).orElseGet(() -> target.shuffled(key));
                        double reached = distance(dealt, known);
                        step.advance(1);
                        return reached;
                    },
                    random.of("chance"));
        }
    }

    private double distance(LabelledSamples samples, Optional<boolean[]> known) {
        AttributeAttack once = attack.withRepeats(1);
        double all = ChanceTest.distance(once.crossValidated(samples, random, env.workers()));
        return known.map(k -> Math.max(
                        all,
                        Math.max(
                                ChanceTest.distance(across(samples, k, once)),
                                ChanceTest.distance(within(samples, k, once)))))
                .orElse(all);
    }

    private boolean accurate(Outcome o) {
        return o.attackAccuracy() <= moved(bar);
    }

    private boolean close(double auc) {
        return Math.abs(auc - 0.5) <= bar - 0.5;
    }

    /** The reason why the attack proves nothing here, if there is one. */
    private Optional<String> obstacle(Optional<Outcome> before, List<Outcome> control) {
        if (before.isPresent() && before.get().attackAccuracy() < moved(minBefore)) {
            return Optional.of("the best attack on the model before reaches only "
                    + number(before.get().attackAccuracy()) + ", expected at least "
                    + number(moved(minBefore)));
        }
        return control.stream()
                .filter(o -> Math.abs(o.balancedAccuracy() - 1.0 / classes.size())
                        > SURPRISE / Z * (o.interval().high() - o.balancedAccuracy()) + 1e-9)
                .findFirst()
                .map(o -> word(o.attacker()) + " reaches " + number(o.balancedAccuracy()) + " on shuffled labels");
    }

    /** Adds other measures of the same outcomes. */
    void describe(String when, Outcome[] outcomes, List<Finding> findings) {
        for (Outcome o : outcomes) {
            if (!when.isEmpty()) {
                findings.add(plain(named("attack-accuracy" + when, o), o));
            }
            findings.add(
                    new Finding(named("balanced-accuracy" + when, o), o.balancedAccuracy(), o.samples(), Direction.NONE)
                            .on(Scale.SHARE)
                            .within(o.interval()));
            if (when.isEmpty()) {
                findings.add(new Finding(named("f1", o), o.f1(), o.samples(), Direction.NONE).on(Scale.SHARE));
            } else {
                findings.add(new Finding(named("auc" + when, o), o.auc(), o.samples(), Direction.NONE).on(Scale.SHARE));
            }
        }
    }

    private Finding judged(String name, Outcome o, Grounds grounds) {
        String words = "at most " + number(moved(bar));
        return new Finding(name, o.attackAccuracy(), o.samples(), Direction.LOWER)
                .on(Scale.SHARE)
                .within(o.attackInterval())
                .judged(grounds.decided(accurate(o), words));
    }

    private Finding plain(String name, Outcome o) {
        return new Finding(name, o.attackAccuracy(), o.samples(), Direction.NONE)
                .on(Scale.SHARE)
                .within(o.attackInterval());
    }

    private String named(String what, Outcome o) {
        return named(what + "(" + word(o.attacker()) + ")");
    }

    private String named(String what) {
        return prefix + what + suffix;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value).replaceAll("\\.?0+$", "");
    }

    static String word(Attacker attacker) {
        return attacker.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
