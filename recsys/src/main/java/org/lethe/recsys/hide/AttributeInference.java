package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.attack.Attacker;
import org.lethe.attack.AttributeAttack;
import org.lethe.attack.AttributeAttack.Outcome;
import org.lethe.attack.LabelledSamples;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;

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

    public AttributeInference withAttackers(List<Attacker> attackers) {
        return new AttributeInference(attackers, folds, repeats, most, bar, precondition, keep, published);
    }

    public AttributeInference withRepeats(int repeats) {
        return new AttributeInference(attackers, folds, repeats, most, bar, precondition, keep, published);
    }

    public AttributeInference withMost(int most) {
        return new AttributeInference(attackers, folds, repeats, most, bar, precondition, keep, published);
    }

    /** Both at once, as the precondition is never below the bar. */
    public AttributeInference withBar(double bar, double precondition) {
        return new AttributeInference(attackers, folds, repeats, most, bar, precondition, keep, published);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return LetheException.refusal(() -> Hide.in(request, "attribute-inference"));
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        Hide hide = Hide.in(c.request(), "attribute-inference");
        Interactions train = c.remaining().train();
        UserRows before = rows(c.before());
        UserRows after = rows(c.after());
        List<Classes> attributes = hide.each(train);
        List<Finding> findings = new ArrayList<>();
        for (Classes classes : attributes) {
            AttackFindings attacked = attacked(classes, attributes.size() > 1 ? " of " + classes.attribute() : "", env);
            LabelledSamples target = target(after, classes);
            AttackFindings.Attacks attacks = attacked.attack(
                    c,
                    List.of(this, classes.attribute(), hide.bands(), hide.least(), Hide.others(c.request())),
                    () -> target(before, classes),
                    target);
            Outcome strongest = AttackFindings.best(attacks.before());
            attacked.judge(target, attacks.after(), Optional.of(strongest), findings);
            if (hide.share() < 1) {
                boolean[] known = new boolean[train.users()];
                for (int u = 0; u < known.length; u++) {
                    known[u] = hide.knows(train, u);
                }
                attacked.inductive(target, known, strongest, findings);
            }
            attacked.describe("-before", attacks.before(), findings);
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
        LabelledSamples target = new LabelledSamples(rows, width, classes.of(), classes.size());
        AttackFindings attacked = attacked(classes, "", env);
        List<Finding> findings = new ArrayList<>();
        attacked.judge(target, attacked.crossValidated(target, env), Optional.empty(), findings);
        RowShape shape = RowShape.of(rows, width);
        int users = rows.length / width;
        findings.add(new Finding("effective-rank", shape.effectiveRank(), users, Direction.NONE));
        findings.add(new Finding("trace", shape.trace(), users, Direction.NONE));
        return findings;
    }

    private AttackFindings attacked(Classes classes, String whose, Env env) {
        AttributeAttack attack = new AttributeAttack(attackers, folds, repeats, most, published);
        return new AttackFindings(attack, bar, precondition, classes, "", whose, env);
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
        return Hide.in(c.request(), "attribute-inference").each(c.remaining().train()).stream()
                .<Picture>map(classes -> ClassPicture.of(classes, before.width(), panels, pictured(classes, env)))
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

    private static UserRows rows(Recommender model) {
        if (!(model.served() instanceof UserRows rows)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "audit attribute-inference attacks the rows of users, and a model of kind "
                            + model.getClass().getSimpleName() + " has none");
        }
        return rows;
    }

    private static LabelledSamples target(UserRows model, Classes classes) {
        float[] rows = model.userRows();
        for (int at = 0; at < rows.length; at++) {
            if (!Float.isFinite(rows[at])) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "row of user " + at / model.width() + ": number " + at % model.width() + " is " + rows[at]
                                + ", expected a finite number");
            }
        }
        return new LabelledSamples(rows, model.width(), classes.of(), classes.size());
    }

    private void shape(UserRows before, UserRows after, List<Finding> findings) {
        RowShape is = RowShape.of(after.userRows(), after.width());
        RowShape was = RowShape.of(before.userRows(), before.width());
        int users = after.users();
        String words = "at least " + AttackFindings.number(keep) + " of the model before";
        double rank = is.effectiveRank() / was.effectiveRank();
        double trace = is.trace() / was.trace();
        findings.add(new Finding("effective-rank-kept", rank, users, Direction.HIGHER)
                .judged(Verdict.of(rank >= keep, words)));
        findings.add(
                new Finding("trace-kept", trace, users, Direction.HIGHER).judged(Verdict.of(trace >= keep, words)));
        findings.add(new Finding("effective-rank-before", was.effectiveRank(), users, Direction.NONE));
        findings.add(new Finding("trace-before", was.trace(), users, Direction.NONE));
    }
}
