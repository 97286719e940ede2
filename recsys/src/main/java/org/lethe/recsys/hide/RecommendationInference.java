package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Formerly;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.attack.Attacker;
import org.lethe.attack.AttributeAttack;
import org.lethe.attack.LabelledSamples;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * Measures whether attackers can guess an attribute of users from their top-k recommendations, without access to the model.
 *
 * <p>This is the attack of {@code attribute-inference} on {@code x_u ∈ {0, 1}^items}: whether each of the {@code items}
 * most recommended items is among the top k of the user.
 *
 * <p>A method that hides an attribute in embeddings does not promise to pass. Served recommendations leave out the items
 * that a user has interacted with, and the gaps can reveal the attribute, whatever the model. With {@code excludeSeen:
 * false} nothing is left out. Verdicts use the same bar on the point estimate and the same controls; they show how far a method on
 * embeddings reaches.
 *
 * <p>Cost: one ranking and {@code attackers · folds · repeats} fits for each model. The model before is attacked once for
 * all cells that share it.
 *
 * @param attackers the classifiers that guess the attribute
 * @param folds number of folds of the cross-validation
 * @param repeats number of times that users are sampled and cross-validated again
 * @param maxPerClass largest number of users of a class; classes are also cut to the size of the smallest
 * @param bar largest attack accuracy that passes; the AUC may be as far from 0.5 as this
 * @param minAccuracyBefore smallest attack accuracy on the model before; below it, verdicts are undecided
 * @param k number of recommendations of each user
 * @param items number of items that attackers use: the most recommended ones
 * @param excludeSeen whether recommendations leave out the items that a user has interacted with
 */
@Named(value = "recommendation-inference", formerly = "list-inference")
public record RecommendationInference(
        List<Attacker> attackers,
        int folds,
        int repeats,
        @Formerly("most") int maxPerClass,
        double bar,
        @Formerly("precondition") double minAccuracyBefore,
        @Formerly("list") int k,
        int items,
        @Formerly("served") boolean excludeSeen)
        implements Audit<Split, Recommender> {
    public RecommendationInference {
        attackers = new AttributeAttack(attackers, folds, repeats, maxPerClass, false).attackers();
        Check.require(bar >= 0.5 && bar <= 1, "bar", bar, "0.5 to 1");
        Check.require(
                minAccuracyBefore >= bar && minAccuracyBefore <= 1, "minAccuracyBefore", minAccuracyBefore, "bar to 1");
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(items >= 1, "items", items, "at least 1");
    }

    /** The attack of {@code attribute-inference} on 256 items in the top 20, without seen items. */
    public RecommendationInference() {
        this(List.of(Attacker.values()), 5, 3, 5_000, 0.55, 0.58, 20, 256, true);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return LetheException.refusal(() -> Hide.in(request, "recommendation-inference"));
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        Hide hide = Hide.in(c.request(), "recommendation-inference");
        Interactions train = c.remaining().train();
        List<Request> others = Hide.others(c.request());
        Optional<Lists> own = c.untouched() ? Optional.empty() : Optional.of(lists(c.after(), train, env));
        Lists had = c.baseline()
                .of(List.of("list-inference", k, items, excludeSeen, others), env, e -> lists(c.before(), train, e));
        Lists has = own.orElse(had);
        List<Classes> attributes = hide.each(train);
        List<Finding> findings = new ArrayList<>();
        for (Classes classes : attributes) {
            AttackFindings attacked = new AttackFindings(
                    new AttributeAttack(attackers, folds, repeats, maxPerClass, false),
                    bar,
                    minAccuracyBefore,
                    classes,
                    "recommendation-",
                    attributes.size() > 1 ? " of " + classes.attribute() : "",
                    env);
            LabelledSamples target = has.target(classes);
            AttackFindings.Attacks attacks = attacked.attack(
                    c,
                    List.of(this, classes.attribute(), hide.bands(), hide.minClassSize(), others),
                    () -> had.target(classes),
                    target);
            attacked.judge(
                    target,
                    attacks.after(),
                    Optional.of(AttackFindings.best(attacks.before())),
                    Optional.empty(),
                    findings);
            attacked.describe("-before", attacks.before(), findings);
        }
        return findings;
    }

    /** One row of each user, {@code [users, width]}: 1 if an item is recommended. */
    private record Lists(float[] holds, int width) {
        LabelledSamples target(Classes classes) {
            return new LabelledSamples(holds, width, classes.of(), classes.size());
        }
    }

    private Lists lists(Recommender model, Interactions train, Env env) {
        int[] users = IntStream.range(0, train.users()).toArray();
        Interactions leftOut = excludeSeen ? train : train.where((user, item) -> false);
        int[][] lists = Ranking.top(model, leftOut, users, k, env.workers());
        int[] times = new int[train.items()];
        Arrays.stream(lists).flatMapToInt(Arrays::stream).forEach(item -> times[item]++);
        int[] often = IntStream.range(0, times.length)
                .boxed()
                .sorted(Comparator.comparingInt(
                        (Integer item) -> -times[item])) // stable: the first of those listed alike
                .limit(items)
                .mapToInt(item -> item)
                .toArray();
        int[] column = new int[times.length];
        Arrays.fill(column, -1);
        for (int n = 0; n < often.length; n++) {
            column[often[n]] = n;
        }
        float[] holds = new float[users.length * often.length];
        for (int user : users) {
            for (int item : lists[user]) {
                if (column[item] >= 0) {
                    holds[user * often.length + column[item]] = 1;
                }
            }
        }
        return new Lists(holds, often.length);
    }

    @Override
    public String limits() {
        return "No attacker we ran guesses better than the bar from one top-k list of each user at this sample size; one that sees several"
                + " lists of a user, scores, or what the user did might.";
    }
}
