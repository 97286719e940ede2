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
 * Whether attackers can tell an attribute of users from the lists they are shown, which need no look into the model: the attack
 * of {@code attribute-inference} on {@code x_u ∈ {0, 1}^items}, what of the {@code items} that lists of all users hold most often is
 * in a user's own list of {@code list} items.
 *
 * <p>Hiding an attribute in rows does not promise this: lists as they are served leave out what a user has had, and what is missing
 * tells of it, whatever the model. {@code served: false} attacks lists that leave nothing out, where that is not so. Verdicts are
 * by the same bar and precondition, and say how far a method that acts on rows reaches.
 *
 * <p>Costs a ranking and {@code attackers · folds · repeats} fits for each model, the one before once for all cells that share it.
 *
 * @param attackers who guesses
 * @param folds parts of a repeat, each guessed by attackers that learned on the others
 * @param repeats how often users are drawn and guessed anew
 * @param most users of a class at most; the smallest class limits all of them anyway
 * @param bar the largest leak that passes, and how far the area under the curve may be from one half
 * @param precondition the leak before that makes the audit worth its name
 * @param list length of the lists
 * @param items that attackers look for in them
 * @param served whether lists leave out what a user has had
 */
@Named("list-inference")
public record ListInference(
        List<Attacker> attackers,
        int folds,
        int repeats,
        int most,
        double bar,
        double precondition,
        int list,
        int items,
        boolean served)
        implements Audit<Split, Recommender> {
    public ListInference {
        attackers = new AttributeAttack(attackers, folds, repeats, most, false).attackers();
        Check.require(bar >= 0.5 && bar <= 1, "bar", bar, "0.5 to 1");
        Check.require(precondition >= bar && precondition <= 1, "precondition", precondition, "bar to 1");
        Check.require(list >= 1, "list", list, "at least 1");
        Check.require(items >= 1, "items", items, "at least 1");
    }

    /** The attack of {@code attribute-inference} on 256 items in lists of 20, as they are served. */
    public ListInference() {
        this(List.of(Attacker.values()), 5, 3, 5_000, 0.55, 0.58, 20, 256, true);
    }

    public ListInference withAttackers(List<Attacker> attackers) {
        return new ListInference(attackers, folds, repeats, most, bar, precondition, list, items, served);
    }

    public ListInference withRepeats(int repeats) {
        return new ListInference(attackers, folds, repeats, most, bar, precondition, list, items, served);
    }

    /** Both at once, as the precondition is never below the bar. */
    public ListInference withBar(double bar, double precondition) {
        return new ListInference(attackers, folds, repeats, most, bar, precondition, list, items, served);
    }

    public ListInference withList(int list) {
        return new ListInference(attackers, folds, repeats, most, bar, precondition, list, items, served);
    }

    public ListInference withItems(int items) {
        return new ListInference(attackers, folds, repeats, most, bar, precondition, list, items, served);
    }

    public ListInference withServed(boolean served) {
        return new ListInference(attackers, folds, repeats, most, bar, precondition, list, items, served);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return LetheException.refusal(() -> Hide.in(request, "list-inference"));
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        Hide hide = Hide.in(c.request(), "list-inference");
        Interactions train = c.remaining().train();
        List<Request> others = Hide.others(c.request());
        Optional<Lists> own = c.untouched() ? Optional.empty() : Optional.of(lists(c.after(), train, env));
        Lists had =
                c.baseline().of(List.of("list-inference", list, items, served, others), env, e -> lists(c.before(), train, e));
        Lists has = own.orElse(had);
        List<Classes> attributes = hide.each(train);
        List<Finding> findings = new ArrayList<>();
        for (Classes classes : attributes) {
            AttackFindings attacked = new AttackFindings(
                    new AttributeAttack(attackers, folds, repeats, most, false),
                    bar,
                    precondition,
                    classes,
                    "list-",
                    attributes.size() > 1 ? " of " + classes.attribute() : "",
                    env);
            LabelledSamples target = has.target(classes);
            AttackFindings.Attacks attacks = attacked.attack(
                    c,
                    List.of(this, classes.attribute(), hide.bands(), hide.least(), others),
                    () -> had.target(classes),
                    target);
            attacked.judge(target, attacks.after(), Optional.of(AttackFindings.best(attacks.before())), findings);
            attacked.describe("-before", attacks.before(), findings);
        }
        return findings;
    }

    /** {@code [users, width]}, 1 where a list holds an item. */
    private record Lists(float[] holds, int width) {
        LabelledSamples target(Classes classes) {
            return new LabelledSamples(holds, width, classes.of(), classes.size());
        }
    }

    private Lists lists(Recommender model, Interactions train, Env env) {
        int[] users = IntStream.range(0, train.users()).toArray();
        Interactions leftOut = served ? train : train.where((user, item) -> false);
        int[][] lists = Ranking.top(model, leftOut, users, list, env.workers());
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
        return "No attacker we ran guesses better than the bar from one list of each user at this sample size; one who sees several"
                + " lists of a user, scores, or what the user did might.";
    }
}
