package org.lethe.recsys.hide;

import java.util.List;
import org.lethe.Chain;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.tables.Entities;

/**
 * Hide an attribute of users: their rows must not tell it to whoever reads them, while the lists stay as good as they were.
 *
 * <p>Users of whom the attribute is not known stay in training and take no part in what hides or attacks it. Labels that
 * fewer than {@code least} users have are one class, "other". Several attributes are hidden together: by their combinations
 * where each has {@code least} users, else one beside the other.
 *
 * @param attribute what is to be hidden: gender, age, country, as the data set calls it; a list hides several
 * @param bands where a new class begins, for an attribute of numbers
 * @param least fewest users of a class
 * @param share of the labelled users whose labels a method may fit itself to; the others test whether it only learned these
 *     users by heart (the inductive attack)
 * @param seed of the choice of that share
 */
@Named("hide")
public record Hide(List<String> attribute, List<Double> bands, int least, double share, long seed) implements Request {
    public Hide {
        attribute = List.copyOf(attribute);
        bands = List.copyOf(bands);
        Check.require(!attribute.isEmpty(), "attribute", attribute, "at least one name");
        Check.require(
                attribute.stream().distinct().count() == attribute.size(), "attribute", attribute, "different names");
        Check.require(!bands.isEmpty(), "bands", bands, "at least one number");
        for (int b = 1; b < bands.size(); b++) {
            Check.require(bands.get(b) > bands.get(b - 1), "bands", bands, "ascending numbers");
        }
        Check.require(least >= 2, "least", least, "at least 2");
        Check.require(share > 0 && share <= 1, "share", share, "above 0 and at most 1");
    }

    /** Gender; ages below 35, below 50, and above; all labels known. */
    public Hide() {
        this("gender");
    }

    /** One attribute, or several, with the usual settings. */
    public Hide(String... attribute) {
        this(List.of(attribute), List.of(35.0, 50.0), 30, 1, 42);
    }

    /** The last step of a request that hides something, for an audit that looks at nothing else. */
    static Hide in(Request request, String audit) {
        for (Request step : Chain.steps(request).reversed()) {
            if (step instanceof Hide hide) {
                return hide;
            }
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                "audit " + audit + " looks at a request to hide, found "
                        + request.getClass().getSimpleName());
    }

    /** The other steps of a request, which may leave other data to look at. */
    static List<Request> others(Request request) {
        return Chain.steps(request).stream()
                .filter(step -> !(step instanceof Hide))
                .toList();
    }

    /** The same, with only a share of the labels known to the method. */
    public Hide knowing(double share) {
        return new Hide(attribute, bands, least, share, seed);
    }

    /**
     * The users in classes by each attribute, which is what attackers guess. Where there are interactions, users without any,
     * as those who were forgotten, are in no class: their embeddings hold nothing.
     */
    public List<Classes> each(Interactions train) {
        return each(train.userEntities()).stream()
                .map(classes -> train.size() == 0 ? classes : classes.where(user -> train.degree(user) > 0))
                .toList();
    }

    /** The same, of users without interactions. */
    public List<Classes> each(Entities users) {
        return attribute.stream()
                .map(name -> Classes.by(name, users, bands, least))
                .toList();
    }

    /** What a method makes alike: the combinations of the attributes, or each of them where some combination is rare. */
    public List<Classes> targets(Interactions train) {
        List<Classes> each = each(train);
        Classes joint = each.stream().reduce(Classes::times).orElseThrow();
        for (int count : joint.counts()) {
            if (count < least) {
                return each;
            }
        }
        return List.of(joint);
    }

    /** Whether a method may know the label of a user. */
    public boolean knows(Interactions train, int user) {
        return share == 1 || Keyed.unit(Keyed.seed(seed).of("known-label").at(train.userKey(user))) < share;
    }

    /** The classes as far as a method may know them. */
    public Classes known(Classes classes, Interactions train) {
        return share == 1 ? classes : classes.where(u -> knows(train, u));
    }
}
