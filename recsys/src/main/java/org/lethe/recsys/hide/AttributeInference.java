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
import org.lethe.Formerly;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.attack.Attacker;
import org.lethe.attack.AttributeAttack;
import org.lethe.attack.AttributeAttack.Outcome;
import org.lethe.attack.ChanceTest;
import org.lethe.attack.LabelledSamples;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;

/**
 * Measures whether attackers can guess an attribute of users from their embeddings, with all user tables side by side.
 *
 * <p>Each attacker guesses users that it was not trained on ({@link AttributeAttack}: classes balanced by down-sampling,
 * stratified folds, repeats). Its balanced accuracy is B. An attacker that is wrong more often than chance can invert its
 * answers. The {@code attack-accuracy} is therefore max(B, 1 − B) for two classes and max(B, (1 − B)/(K − 1)) for K; 1/K is
 * chance. The findings {@code balanced-accuracy}, {@code f1} (mean over classes) and {@code auc} (one class against the
 * rest) describe the same attack.
 *
 * <p>A method may know the labels of only a share of users ({@code hide {labelShare: 0.5}}). Two more attacks then guess
 * the other users. {@code attack-accuracy-inductive} trains on users whose labels the method knew. {@code
 * attack-accuracy-held-out} trains on the other users. A method that changes only the users it knew passes cross-validation
 * and fails here.
 *
 * <p>Two controls make verdicts undecided: the same attack on shuffled labels must stay at chance, and the attack on the
 * model before must reach {@code minAccuracyBefore}. If all embeddings become one point, nothing leaks, but the model is
 * useless. The trace of their covariance and their effective rank must therefore keep a share of their value before. {@code
 * js-divergence} is the divergence of the classes' histograms, column by column, over its largest value. It is above 0 for
 * finite classes; {@code js-divergence-random} shows by how much. Bars are for two classes; for K they move to the same
 * share of the way from chance to 1.
 *
 * <p>Few users give large accuracies by chance, and the best of several attackers larger ones still. So an accuracy or AUC
 * beyond its bar misses it only if one test over all attackers and classes rejects that they know nothing, at a level of 5 %
 * ({@link ChanceTest}); otherwise it is undecided. {@code chance-p} is the p-value of this test. {@code detectable-auc} is
 * the smallest AUC that it finds 80 times in 100 from so many users: a pass says nothing about smaller ones.
 *
 * <p>Cost: {@code attackers · folds · repeats} fits for each model, and one repeat for the control. The model before is
 * attacked once for all cells that share it. If a bar is not met, the test takes one to 20 repeats more.
 *
 * @param attackers the classifiers that guess the attribute
 * @param folds number of folds of the cross-validation
 * @param repeats number of times that users are sampled and cross-validated again
 * @param maxPerClass largest number of users of a class; classes are also cut to the size of the smallest
 * @param bar largest attack accuracy that passes; the AUC may be as far from 0.5 as this
 * @param minAccuracyBefore smallest attack accuracy on the model before; below it, verdicts are undecided
 * @param minSpread smallest share of trace and effective rank that must remain
 * @param published whether to follow the published protocol: no standardisation, the same users in every repeat, folds in
 *     table order
 */
@Named("attribute-inference")
public record AttributeInference(
        List<Attacker> attackers,
        int folds,
        int repeats,
        @Formerly("most") int maxPerClass,
        double bar,
        @Formerly("precondition") double minAccuracyBefore,
        @Formerly("keep") double minSpread,
        boolean published)
        implements Audit<Split, Recommender> {
    public AttributeInference {
        attackers = new AttributeAttack(attackers, folds, repeats, maxPerClass, published).attackers();
        Check.require(bar >= 0.5 && bar <= 1, "bar", bar, "0.5 to 1");
        Check.require(
                minAccuracyBefore >= bar && minAccuracyBefore <= 1, "minAccuracyBefore", minAccuracyBefore, "bar to 1");
        Check.require(minSpread >= 0 && minSpread <= 1, "minSpread", minSpread, "0 to 1");
    }

    /** All attackers, 5 folds, 3 repeats, at most 5,000 users of a class, a bar of 0.55, at least 0.58 before. */
    public AttributeInference() {
        this(List.of(Attacker.values()), 5, 3, 5_000, 0.55, 0.58, 0.5, false);
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
                    List.of(this, classes.attribute(), hide.bands(), hide.minClassSize(), Hide.others(c.request())),
                    () -> target(before, classes),
                    target);
            Outcome strongest = AttackFindings.best(attacks.before());
            attacked.judge(target, attacks.after(), Optional.of(strongest), known(hide, train), findings);
            attacked.describe("-before", attacks.before(), findings);
        }
        shape(before, after, findings);
        return findings;
    }

    /** The users whose labels the method knows, unless it knows all. */
    private static Optional<boolean[]> known(Hide hide, Interactions train) {
        if (hide.labelShare() == 1) {
            return Optional.empty();
        }
        boolean[] known = new boolean[train.users()];
        for (int u = 0; u < known.length; u++) {
            known[u] = hide.knows(train, u);
        }
        return Optional.of(known);
    }

    /**
     * The same findings on embeddings alone, without a model before; {@code lethe audit embeddings} prints them.
     *
     * @param rows the embeddings, {@code [users, width]}, all finite
     */
    public List<Finding> examine(float[] rows, int width, Classes classes, Env env) {
        LabelledSamples target = new LabelledSamples(rows, width, classes.of(), classes.size());
        AttackFindings attacked = attacked(classes, "", env);
        List<Finding> findings = new ArrayList<>();
        attacked.judge(target, attacked.crossValidated(target, env), Optional.empty(), Optional.empty(), findings);
        RowShape shape = RowShape.of(rows, width);
        int users = rows.length / width;
        findings.add(new Finding("effective-rank", shape.effectiveRank(), users, Direction.NONE).on(Scale.POSITIVE));
        findings.add(new Finding("trace", shape.trace(), users, Direction.NONE).on(Scale.POSITIVE));
        return findings;
    }

    private AttackFindings attacked(Classes classes, String whose, Env env) {
        AttributeAttack attack = new AttributeAttack(attackers, folds, repeats, maxPerClass, published);
        return new AttackFindings(attack, bar, minAccuracyBefore, classes, "", whose, env);
    }

    /** A scatter of each class before and after, for each attribute ({@link ClassPicture}). */
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

    /** A scatter of each class, for embeddings alone. */
    public Picture picture(float[] rows, int width, Classes classes, Env env) {
        return ClassPicture.of(
                classes, width, new LinkedHashMap<>(Map.of("these embeddings", rows)), pictured(classes, env));
    }

    private static Keyed pictured(Classes classes, Env env) {
        return env.random("picture").of(classes.attribute());
    }

    @Override
    public String limits() {
        return "No attacker we ran guesses better than the bar at this sample size; another attacker, or one that also sees"
                + " recommendations, scores or other data on the same people, might.";
    }

    private static UserRows rows(Recommender model) {
        if (!(model.served() instanceof UserRows rows)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "audit attribute-inference needs user embeddings, and a model of kind "
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
                        "embedding of user " + at / model.width() + ": dimension " + at % model.width() + " is "
                                + rows[at] + ", expected a finite number");
            }
        }
        return new LabelledSamples(rows, model.width(), classes.of(), classes.size());
    }

    private void shape(UserRows before, UserRows after, List<Finding> findings) {
        RowShape is = RowShape.of(after.userRows(), after.width());
        RowShape was = RowShape.of(before.userRows(), before.width());
        int users = after.users();
        String words = "at least " + AttackFindings.number(minSpread) + " of the model before";
        double rank = is.effectiveRank() / was.effectiveRank();
        double trace = is.trace() / was.trace();
        findings.add(new Finding("effective-rank-kept", rank, users, Direction.HIGHER)
                .on(Scale.POSITIVE)
                .judged(Verdict.of(rank >= minSpread, words)));
        findings.add(new Finding("trace-kept", trace, users, Direction.HIGHER)
                .on(Scale.POSITIVE)
                .judged(Verdict.of(trace >= minSpread, words)));
        findings.add(
                new Finding("effective-rank-before", was.effectiveRank(), users, Direction.NONE).on(Scale.POSITIVE));
        findings.add(new Finding("trace-before", was.trace(), users, Direction.NONE).on(Scale.POSITIVE));
    }
}
