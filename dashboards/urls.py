from django.urls import path

from .views import home, review, search, styleguide

urlpatterns = [
    path("", home.home, name="home"),
    path("review/", review.review, name="review"),
    path("search/", search.search, name="search"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
