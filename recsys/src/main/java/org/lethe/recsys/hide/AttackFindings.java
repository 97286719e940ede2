package org.lethe.recsys.hide;

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
import org.lethe.Verdict;
import org.lethe.attack.Attacker;
import org.lethe.attack.AttributeAttack;
import org.lethe.attack.AttributeAttack.Outcome;
import org.lethe.attack.LabelledSamples;
import org.lethe.numerics.Keyed;

/** The findings of an attack on one attribute: what each attacker reaches, the random baseline, and the verdicts. */
final class AttackFindings {
    private static final double Z = 1.959963984540054; // half a 95 % interval, in standard errors
    private static final double SURPRISE = 4; // standard errors that chance exceeds once in 16,000 times

    private final AttributeAttack attack;
    private final double bar;
    private final double precondition;
    private final Classes classes;
    private final String seen;
    private final String whose;
    private final Env env;
    private final Keyed random;

    /**
     * @param bar the largest leak that passes, with two classes
     * @param precondition the leak before that makes the attack worth its name, with two classes
     * @param seen what begins the names of findings
     * @param whose what ends them
     */
    AttackFindings(
            AttributeAttack attack,
            double bar,
            double precondition,
            Classes classes,
            String seen,
            String whose,
            Env env) {
        this.attack = attack;
        this.bar = bar;
        this.precondition = precondition;
        this.classes = classes;
        this.seen = seen;
        this.whose = whose;
        this.env = env;
        this.random = env.random("attribute-inference").of(classes.attribute());
    }

    /** What attackers came to on the model before and on the one after. */
    record Attacks(Outcome[] before, Outcome[] after) {}

    /**
     * Attacks the model after and, once for all cases that share it, the one before.
     *
     * @param settings of the audit, and of the request as far as the attack on the model before depends on them
     */
    Attacks attack(Case<?, ?> c, Object settings, Supplier<LabelledSamples> before, LabelledSamples after) {
        Optional<Outcome[]> own = c.untouched() ? Optional.empty() : Optional.of(crossValidated(after, env));
        Outcome[] untreated = c.baseline().of(settings, env, e -> crossValidated(before.get(), e)); // may wait: late
        return new Attacks(untreated, own.orElse(untreated));
    }

    Outcome[] crossValidated(LabelledSamples target, Env env) {
        return env.ledger()
                .timed("attack", () -> attack.crossValidated(target, random, env.workers()))
                .toArray(Outcome[]::new);
    }

    static Outcome best(Outcome[] outcomes) {
        return Arrays.stream(outcomes)
                .max(Comparator.comparingDouble(Outcome::attackAccuracy))
                .orElseThrow();
    }

    /** A bar for two classes, at the same share of the way from chance to certainty. */
    private double moved(double bar) {
        double chance = 1.0 / classes.size();
        return chance + (2 * bar - 1) * (1 - chance);
    }

    /**
     * The leak and its parts, against the bar, with the control of labels dealt at random.
     *
     * @param before the best attack on the model before, where there is one
     */
    void judge(LabelledSamples target, Outcome[] outcomes, Optional<Outcome> before, List<Finding> findings) {
        List<Outcome> control = attack.randomBaseline(target, random, env.workers());
        Optional<String> obstacle = obstacle(before, control);
        Outcome worst = best(outcomes);
        findings.add(leak(named("leak"), worst, obstacle));
        for (Outcome o : outcomes) {
            findings.add(leak(named("leak", o), o, obstacle));
        }
        for (Outcome o : outcomes) {
            double away = Math.abs(o.auc() - 0.5);
            String words = "within " + number(bar - 0.5) + " of 0.5";
            findings.add(new Finding(named("auc", o), o.auc(), o.samples(), Direction.HALF)
                    .judged(decided(away <= bar - 0.5, words, obstacle)));
        }
        describe("", outcomes, findings);
        for (Outcome o : control) {
            findings.add(plain(named("leak-random", o), o));
        }
        int labelled = (int) IntStream.of(classes.of()).filter(k -> k >= 0).count();
        findings.add(new Finding(named("js"), RowShape.divergence(target), labelled, Direction.LOWER));
        findings.add(new Finding(
                named("js-random"),
                RowShape.divergence(target.shuffled(random.of("labels"))),
                labelled,
                Direction.NONE));
        findings.add(new Finding(named("users-labelled"), labelled, classes.of().length, Direction.NONE));
        findings.add(new Finding(named("users-attacked"), worst.samples(), labelled, Direction.NONE));
    }

    /** Why the attack says nothing here, if it does not. */
    private Optional<String> obstacle(Optional<Outcome> before, List<Outcome> control) {
        if (before.isPresent() && before.get().attackAccuracy() < moved(precondition)) {
            return Optional.of("the best attack on the model before comes to "
                    + number(before.get().attackAccuracy()) + " only, expected at least "
                    + number(moved(precondition)));
        }
        return control.stream()
                .filter(o -> Math.abs(o.balancedAccuracy() - 1.0 / classes.size())
                        > SURPRISE / Z * (o.interval().high() - o.balancedAccuracy()) + 1e-9)
                .findFirst()
                .map(o -> word(o.attacker()) + " finds " + number(o.balancedAccuracy()) + " in labels dealt at random");
    }

    /** What attackers who learn from users known to the method, or not known to it, tell of the latter. */
    void inductive(LabelledSamples target, boolean[] known, Outcome before, List<Finding> findings) {
        int[] unknown = target.labels().clone();
        for (int u = 0; u < unknown.length; u++) {
            unknown[u] = known[u] ? -1 : unknown[u];
        }
        Optional<String> obstacle = obstacle(Optional.of(before), List.of());
        List<Outcome> across = attack.transferred(target, known, random.of("inductive"), env.workers());
        across.forEach(o -> findings.add(leak(named("leak-inductive", o), o, obstacle)));
        LabelledSamples within = new LabelledSamples(target.rows(), target.width(), unknown, target.classes());
        List<Outcome> among = attack.crossValidated(within, random.of("unknown"), env.workers());
        among.forEach(o -> findings.add(leak(named("leak-unknown", o), o, obstacle)));
    }

    /** The same outcomes by other measures. */
    void describe(String when, Outcome[] outcomes, List<Finding> findings) {
        for (Outcome o : outcomes) {
            if (!when.isEmpty()) {
                findings.add(plain(named("leak" + when, o), o));
            }
            findings.add(new Finding(named("acc" + when, o), o.balancedAccuracy(), o.samples(), Direction.NONE)
                    .within(o.interval()));
            if (when.isEmpty()) {
                findings.add(new Finding(named("f1", o), o.f1(), o.samples(), Direction.NONE));
            } else {
                findings.add(new Finding(named("auc" + when, o), o.auc(), o.samples(), Direction.NONE));
            }
        }
    }

    private Finding leak(String name, Outcome o, Optional<String> obstacle) {
        String words = "at most " + number(moved(bar));
        return new Finding(name, o.attackAccuracy(), o.samples(), Direction.LOWER)
                .within(o.attackInterval())
                .judged(decided(o.attackAccuracy() <= moved(bar), words, obstacle));
    }

    private Finding plain(String name, Outcome o) {
        return new Finding(name, o.attackAccuracy(), o.samples(), Direction.NONE).within(o.attackInterval());
    }

    private Verdict decided(boolean met, String bar, Optional<String> obstacle) {
        return obstacle.<Verdict>map(why -> new Verdict.Undecided(bar, why)).orElseGet(() -> Verdict.of(met, bar));
    }

    private String named(String what, Outcome o) {
        return named(what + "(" + word(o.attacker()) + ")");
    }

    private String named(String what) {
        return seen + what + whose;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value).replaceAll("\\.?0+$", "");
    }

    private static String word(Attacker attacker) {
        return attacker.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
