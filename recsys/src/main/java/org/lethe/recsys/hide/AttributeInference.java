package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.hide.AttributeAttack.Outcome;
import org.lethe.recsys.hide.AttributeAttack.Target;

/**
 * Whether attackers can tell an attribute of users from their rows in the model, all tables of theirs side by side.
 *
 * <p>Several attackers each guess users they did not learn from ({@link AttributeAttack}: classes balanced by down-sampling,
 * stratified folds, repeats). The measure is the balanced accuracy B; an attacker who is wrong more often than chance would
 * turn the answer round, so the {@code leak} is max(B, 1 − B) with two classes and max(B, (1 − B)/(K − 1)) with K: 1/K
 * knows nothing. {@code acc}, {@code f1} (mean over classes) and {@code auc} (each class against the rest) stand beside it.
 *
 * <p>Where a method was told the labels of a share of users only ({@code hide {share: 0.5}}), two more attacks look at the
 * others: {@code leak-inductive} learns from the users the method knew and guesses those it did not, {@code leak-unknown}
 * learns and guesses among the latter. A method that made classes alike on the users it knew, and no more, holds under
 * cross-validation and falls here.
 *
 * <p>Controls: the same attack on labels dealt out at random must stay at chance, and the attack on the model before must
 * be above {@code precondition}; where one is not so, verdicts are undecided. Rows moved to one point hide everything and
 * serve nobody: the trace of their covariance and their effective rank must keep a share of what they were. {@code js} is
 * the divergence of the classes' histograms, column by column, over its largest value; finite classes alone give more than
 * 0, as {@code js-random} shows. Bars are for two classes; with K they are moved to the same distance from chance, as a
 * share of the way from chance to certainty.
 *
 * <p>Cost: {@code attackers · folds · repeats} fits for each model, the one before once for all cells that share it; for the
 * control one repeat.
 *
 * @param attackers who guesses
 * @param folds parts of a repeat, each guessed by attackers that learned on the others
 * @param repeats how often users are drawn and guessed anew
 * @param most users of a class at most; the smallest class limits all of them anyway
 * @param bar the largest leak that passes, and how far the area under the curve may be from one half
 * @param precondition the leak before that makes the audit worth its name
 * @param keep the share of trace and effective rank that must be left
 * @param published as the literature does it: rows not standardised, the same users in every repeat, folds in table order
 */
@Named("attribute-inference")
public record AttributeInference(
        List<Attacker> attackers,
        int folds,
        int repeats,
        int most,
        double bar,
        double precondition,
        double keep,
        boolean published)
        implements Audit<Split, Recommender> {
    private static final double Z = 1.959963984540054; // half a 95 % interval, in standard errors
    private static final double SURPRISE = 4; // standard errors that chance exceeds once in 16,000 times

    public AttributeInference {
        attackers = new AttributeAttack(attackers, folds, repeats, most, published).attackers();
        Check.require(bar >= 0.5 && bar <= 1, "bar", bar, "0.5 to 1");
        Check.require(precondition >= bar && precondition <= 1, "precondition", precondition, "bar to 1");
        Check.require(keep >= 0 && keep <= 1, "keep", keep, "0 to 1");
    }

    /** All attackers, 5 folds, 3 repeats, 5,000 users of a class, a bar of 0.55, a precondition of 0.58. */
    public AttributeInference() {
        this(List.of(Attacker.values()), 5, 3, 5_000, 0.55, 0.58, 0.5, false);
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        Hide hide = hide(c.request());
        Interactions train = c.data().train();
        UserRows before = rows(c.before());
        UserRows after = rows(c.after());
        List<Classes> attributes = hide.each(train);
        List<Finding> findings = new ArrayList<>();
        for (Classes classes : attributes) {
            Attacked attacked = new Attacked(classes, attributes.size() > 1, env);
            Target target = target(after, classes);
            Optional<Outcome[]> own =
                    c.untouched() ? Optional.empty() : Optional.of(attacked.crossValidated(target, env));
            Outcome[] untreated = c.baseline()
                    .of(
                            List.of(this, classes.attribute(), hide.bands(), hide.least()),
                            env,
                            e -> attacked.crossValidated(target(before, classes), e));
            Outcome[] treated = own.orElse(untreated);
            attacked.judge(target, treated, Optional.of(best(untreated)), findings);
            if (hide.share() < 1) {
                boolean[] known = new boolean[train.users()];
                for (int u = 0; u < known.length; u++) {
                    known[u] = hide.knows(train, u);
                }
                attacked.inductive(target, known, best(untreated), findings);
            }
            attacked.describe("-before", untreated, findings);
        }
        shape(before, after, findings);
        return findings;
    }

    /**
     * The same findings on bare rows, without a model before: what {@code lethe audit embeddings} prints.
     *
     * @param rows {@code [users, width]}, finite
     */
    public List<Finding> examine(float[] rows, int width, Classes classes, Env env) {
        Target target = new Target(rows, width, classes.of(), classes.size());
        Attacked attacked = new Attacked(classes, false, env);
        List<Finding> findings = new ArrayList<>();
        attacked.judge(target, attacked.crossValidated(target, env), Optional.empty(), findings);
        RowShape shape = RowShape.of(rows, width);
        int users = rows.length / width;
        findings.add(new Finding("effective-rank", shape.effectiveRank(), users, Direction.NONE));
        findings.add(new Finding("trace", shape.trace(), users, Direction.NONE));
        return findings;
    }

    /** Users of each class before and after, by attribute ({@link ClassPicture}). */
    @Override
    public List<Picture> pictures(Case<Split, Recommender> c, Env env) {
        UserRows before = rows(c.before());
        UserRows after = rows(c.after());
        SequencedMap<String, float[]> panels = new LinkedHashMap<>();
        panels.put("before", before.userRows());
        if (!after.equals(before) && after.width() == before.width()) {
            panels.put("after", after.userRows());
        }
        return hide(c.request()).each(c.data().train()).stream()
                .map(classes -> ClassPicture.of(classes, before.width(), panels, pictured(classes, env)))
                .toList();
    }

    /** Users of each class, on bare rows. */
    public Picture picture(float[] rows, int width, Classes classes, Env env) {
        return ClassPicture.of(
                classes, width, new LinkedHashMap<>(Map.of("as released", rows)), pictured(classes, env));
    }

    private static Keyed pictured(Classes classes, Env env) {
        return env.random("picture").of(classes.attribute());
    }

    @Override
    public String limits() {
        return "No attacker we ran guesses better than the bar at this sample size; another attacker, or one who also sees"
                + " lists, scores or other data on the same people, might.";
    }

    /** The last step of a request that hides something. */
    private static Hide hide(Request request) {
        for (Request step : Chain.steps(request).reversed()) {
            if (step instanceof Hide hide) {
                return hide;
            }
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                "audit attribute-inference looks at a request to hide, found "
                        + request.getClass().getSimpleName());
    }

    private static UserRows rows(Recommender model) {
        if (!(model instanceof UserRows rows)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "audit attribute-inference attacks the rows of users, and a model of kind "
                            + model.getClass().getSimpleName() + " has none");
        }
        return rows;
    }

    private static Target target(UserRows model, Classes classes) {
        float[] rows = model.userRows();
        for (int at = 0; at < rows.length; at++) {
            if (!Float.isFinite(rows[at])) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "row of user " + at / model.width() + ": number " + at % model.width() + " is " + rows[at]
                                + ", expected a finite number");
            }
        }
        return new Target(rows, model.width(), classes.of(), classes.size());
    }

    private static Outcome best(Outcome[] outcomes) {
        return Arrays.stream(outcomes)
                .max(Comparator.comparingDouble(Outcome::leak))
                .orElseThrow();
    }

    private void shape(UserRows before, UserRows after, List<Finding> findings) {
        RowShape is = RowShape.of(after.userRows(), after.width());
        RowShape was = RowShape.of(before.userRows(), before.width());
        int users = after.users();
        String words = String.format(Locale.ROOT, "at least %s of the model before", number(keep));
        double rank = is.effectiveRank() / was.effectiveRank();
        double trace = is.trace() / was.trace();
        findings.add(
                new Finding("effective-rank-kept", rank, users, Direction.HIGHER).judged(verdict(rank >= keep, words)));
        findings.add(new Finding("trace-kept", trace, users, Direction.HIGHER).judged(verdict(trace >= keep, words)));
        findings.add(new Finding("effective-rank-before", was.effectiveRank(), users, Direction.NONE));
        findings.add(new Finding("trace-before", was.trace(), users, Direction.NONE));
    }

    private static Verdict verdict(boolean met, String bar) {
        return met ? new Verdict.Pass(bar) : new Verdict.Fail(bar);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value).replaceAll("\\.?0+$", "");
    }

    /** The attack on one attribute. */
    private final class Attacked {
        private final Classes classes;
        private final String suffix;
        private final Env env;
        private final Keyed random;
        private final AttributeAttack attack = new AttributeAttack(attackers, folds, repeats, most, published);

        Attacked(Classes classes, boolean several, Env env) {
            this.classes = classes;
            this.suffix = several ? " of " + classes.attribute() : "";
            this.env = env;
            this.random = env.random("attribute-inference").of(classes.attribute());
        }

        Outcome[] crossValidated(Target target, Env env) {
            return env.ledger()
                    .timed("attack", () -> attack.crossValidated(target, random, env.workers()))
                    .toArray(Outcome[]::new);
        }

        /** A bar for two classes, at the same share of the way from chance to certainty. */
        private double moved(double bar) {
            double chance = 1.0 / classes.size();
            return chance + (2 * bar - 1) * (1 - chance);
        }

        void judge(Target target, Outcome[] outcomes, Optional<Outcome> before, List<Finding> findings) {
            Target dealt = target.shuffled(random.of("labels"));
            List<Outcome> control = new AttributeAttack(attackers, folds, 1, most, published)
                    .crossValidated(dealt, random, env.workers());
            Optional<String> obstacle = obstacle(before, control);
            Outcome worst = best(outcomes);
            findings.add(leak("leak" + suffix, worst, obstacle));
            for (Outcome o : outcomes) {
                findings.add(leak(named("leak", o), o, obstacle));
            }
            for (Outcome o : outcomes) {
                double away = Math.abs(o.auc() - 0.5);
                String words = "within " + number(bar - 0.5) + " of 0.5";
                findings.add(new Finding(named("auc", o), o.auc(), o.users(), Direction.HALF)
                        .judged(decided(away <= bar - 0.5, words, obstacle)));
            }
            describe("", outcomes, findings);
            for (Outcome o : control) {
                findings.add(plain(named("leak-random", o), o));
            }
            int labelled = (int) IntStream.of(classes.of()).filter(k -> k >= 0).count();
            findings.add(new Finding("js" + suffix, RowShape.divergence(target), labelled, Direction.LOWER));
            findings.add(new Finding("js-random" + suffix, RowShape.divergence(dealt), labelled, Direction.NONE));
            findings.add(new Finding("users-labelled" + suffix, labelled, classes.of().length, Direction.NONE));
            findings.add(new Finding("users-attacked" + suffix, worst.users(), labelled, Direction.NONE));
        }

        /** Why the attack says nothing here, if it does not. */
        private Optional<String> obstacle(Optional<Outcome> before, List<Outcome> control) {
            if (before.isPresent() && before.get().leak() < moved(precondition)) {
                return Optional.of("the best attack on the model before comes to "
                        + number(before.get().leak()) + " only, expected at least " + number(moved(precondition)));
            }
            return control.stream()
                    .filter(o -> Math.abs(o.accuracy() - 1.0 / classes.size())
                            > SURPRISE / Z * (o.interval().high() - o.accuracy()) + 1e-9)
                    .findFirst()
                    .map(o -> word(o.attacker()) + " finds " + number(o.accuracy()) + " in labels dealt at random");
        }

        void inductive(Target target, boolean[] known, Outcome before, List<Finding> findings) {
            int[] unknown = target.of().clone();
            for (int u = 0; u < unknown.length; u++) {
                unknown[u] = known[u] ? -1 : unknown[u];
            }
            Optional<String> obstacle = obstacle(Optional.of(before), List.of());
            List<Outcome> across = attack.transferred(target, known, random.of("inductive"), env.workers());
            across.forEach(o -> findings.add(leak(named("leak-inductive", o), o, obstacle)));
            Target within = new Target(target.rows(), target.width(), unknown, target.classes());
            List<Outcome> among = attack.crossValidated(within, random.of("unknown"), env.workers());
            among.forEach(o -> findings.add(leak(named("leak-unknown", o), o, obstacle)));
        }

        void describe(String when, Outcome[] outcomes, List<Finding> findings) {
            for (Outcome o : outcomes) {
                if (!when.isEmpty()) {
                    findings.add(plain(named("leak" + when, o), o));
                }
                findings.add(new Finding(named("acc" + when, o), o.accuracy(), o.users(), Direction.NONE)
                        .within(o.interval()));
                if (when.isEmpty()) {
                    findings.add(new Finding(named("f1", o), o.f1(), o.users(), Direction.NONE));
                } else {
                    findings.add(new Finding(named("auc" + when, o), o.auc(), o.users(), Direction.NONE));
                }
            }
        }

        private Finding leak(String name, Outcome o, Optional<String> obstacle) {
            String words = "at most " + number(moved(bar));
            return new Finding(name, o.leak(), o.users(), Direction.LOWER)
                    .within(o.leaks())
                    .judged(decided(o.leak() <= moved(bar), words, obstacle));
        }

        private Finding plain(String name, Outcome o) {
            return new Finding(name, o.leak(), o.users(), Direction.NONE).within(o.leaks());
        }

        private Verdict decided(boolean met, String bar, Optional<String> obstacle) {
            return obstacle.<Verdict>map(why -> new Verdict.Undecided(bar, why)).orElseGet(() -> verdict(met, bar));
        }

        private String named(String what, Outcome o) {
            return what + "(" + word(o.attacker()) + ")" + suffix;
        }
    }

    private static String word(Attacker attacker) {
        return attacker.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
