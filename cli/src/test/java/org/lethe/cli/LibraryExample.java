package org.lethe.cli;

import java.util.List;
import java.util.Optional;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.Completeness;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Retrain;
import org.lethe.recsys.forget.Sisa;

final class LibraryExample {
    private LibraryExample() {}

    static List<Finding> example() {
        // example
        Split data = new Planted().load(DataFolders.usual(Optional.empty()));
        Env env = Env.seeded(1);
        Bpr bpr = new Bpr();
        Sisa sisa = new Sisa();
        ForgetUsers request = ForgetUsers.listed("17", "42");

        Recommender before = sisa.learn(bpr, data, env);
        Recommender after = sisa.fulfil(before, request, bpr, data, env);
        Recommender reference = new Retrain().fulfil(before, request, bpr, data, env);

        List<Finding> findings = new Completeness().examine(new Case<>(data, request, before, after, reference), env);
        findings.forEach(f -> System.out.println(f.name() + " " + f.value() + " " + f.interval()));
        // example
        return findings;
    }
}
